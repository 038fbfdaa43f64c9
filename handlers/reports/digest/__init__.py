"""The monthly digest in chat, as a picture and as a sheet."""
