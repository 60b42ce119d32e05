"""What can be wrong with an image or a list: rules, and pure functions that find breaches."""
