"""cli/arguments."""
