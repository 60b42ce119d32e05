"""cli/commands/setup."""
