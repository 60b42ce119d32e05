"""cli/commands/docker."""
