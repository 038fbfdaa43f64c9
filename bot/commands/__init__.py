"""The commands of the terminal, a module for each; admin has pause, resume and what several of them need."""
