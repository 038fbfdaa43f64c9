"""The monthly digest and the annual report."""
