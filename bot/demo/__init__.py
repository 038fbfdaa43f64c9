"""The demo, its script, and the stage for both and for the tests."""
