"""cli/assembly."""
