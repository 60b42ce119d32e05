"""Docker's own commands, compatible to the byte.

- ``inspect``: show an image, a list or a draft
- ``create``: make a draft
- ``annotate``: set an entry's platform, or annotations
- ``push``: publish a draft
- ``rm``: remove drafts
"""
