"""adapters/http_registry/auth."""
