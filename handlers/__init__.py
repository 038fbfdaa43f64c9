"""The people, conversations and screens: handlers talk."""
