"""domain/specs."""
