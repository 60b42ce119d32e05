"""Commands that look at published images and lists.

- ``diff``: compare two of them
- ``verify``: check one for errors
- ``history``: show the states of a tag
"""
