"""adapters/http_registry/api."""
