"""Commands that move what is published.

- ``copy``: copy an image or a list to another place
- ``promote``: copy an image with all that is attached, prove it, and then move the tags
- ``undo``: put back a previous state of a tag
- ``untag``: take tags away, and nothing else
- ``serve``: serve the cache, or a bundle, as a read-only registry
"""
