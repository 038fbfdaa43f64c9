"""What a competent engineer would plainly write for the same job, on other foundations."""
