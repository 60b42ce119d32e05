"""domain/history."""
