"""cli/flows."""
