"""domain/bundles."""
