"""cli/commands/compose."""
