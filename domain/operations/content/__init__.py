"""domain/operations/content."""
