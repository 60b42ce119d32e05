"""store/rows."""
