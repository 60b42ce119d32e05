"""Commands that move what is published.

- ``copy``: copy an image or a list to another place
- ``promote``: copy an image with all that is attached, prove it, and then move the tags
- ``undo``: put back a previous state of a tag
"""
