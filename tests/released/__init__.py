"""Databases as released programs left them, upgraded by the program of today."""
