"""How two images or lists differ: pure functions over what was read."""
