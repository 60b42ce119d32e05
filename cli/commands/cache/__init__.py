"""cli/commands/cache."""
