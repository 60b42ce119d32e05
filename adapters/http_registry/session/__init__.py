"""adapters/http_registry/session."""
