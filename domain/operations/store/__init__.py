"""domain/operations/store."""
