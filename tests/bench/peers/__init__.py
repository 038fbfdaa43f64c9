"""The same job as a competent engineer would plainly write it, with other libraries."""
