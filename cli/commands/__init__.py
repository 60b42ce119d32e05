"""The commands, one a file; each is loaded only when it is the one asked for."""
