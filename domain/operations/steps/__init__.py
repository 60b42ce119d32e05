"""domain/operations/steps."""
