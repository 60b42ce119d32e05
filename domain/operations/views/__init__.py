"""domain/operations/views."""
