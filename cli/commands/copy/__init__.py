"""Commands that move what is published.

- ``copy``: copy an image or a list to another place
- ``undo``: put back a previous state of a tag
"""
