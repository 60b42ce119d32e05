"""The registry port over an OCI image-layout directory (image-spec, image-layout.md)."""
