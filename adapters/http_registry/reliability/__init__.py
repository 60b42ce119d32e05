"""adapters/http_registry/reliability."""
