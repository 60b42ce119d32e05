"""What the domain asks of the world: protocols and their value types."""
