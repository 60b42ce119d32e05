"""cli/commands/look."""
