"""The demo, its script, and the stage on which tests play too."""
