"""adapters/credentials."""
