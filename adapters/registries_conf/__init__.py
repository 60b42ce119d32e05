"""adapters/registries_conf."""
