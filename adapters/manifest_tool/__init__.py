"""What manifest-tool's users have: lists declared in YAML."""
