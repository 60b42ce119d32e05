"""Commands that look at published images and lists.

- ``digest``: print the digests of several
- ``diff``: compare two of them
- ``verify``: check one for errors
- ``history``: show the states of a tag
"""
