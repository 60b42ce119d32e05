"""domain/merging."""
