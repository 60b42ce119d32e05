"""domain/lists."""
