"""adapters/registry_parts."""
