"""adapters/decorators."""
