"""cli/process."""
