"""cli/rendering/cache."""
