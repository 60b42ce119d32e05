"""domain/operations/publication."""
