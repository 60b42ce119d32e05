"""adapters/http_registry/transport."""
