"""The figures of the monthly digest and of the annual report."""
