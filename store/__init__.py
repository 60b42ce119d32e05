"""The content store and the draft book in one SQLite file."""
