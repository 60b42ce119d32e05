"""OCI image-layout directories as a registry (image-spec, image-layout.md)."""
