"""The command line: parsing, wiring, showing."""
