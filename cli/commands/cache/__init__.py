"""Commands for the local store.

- ``fetch``: download images and lists into it
- ``export``: write a bundle from it
- ``import_``: read a bundle into it
- ``push``: write to a memory in a registry from it
- ``pull``: merge a memory in a registry into it
- ``copy``: copy a store into another
- ``ls``: show the tags
- ``stats``: show numbers and sizes
- ``query``: answer SQL
- ``gc``: remove unreferenced content
- ``fsck``: check all content, and quarantine what is damaged
"""
