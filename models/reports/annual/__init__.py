"""The figures of the annual report."""
