"""domain/encoding."""
