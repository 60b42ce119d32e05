"""cli/commands/copy."""
