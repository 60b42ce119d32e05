"""The content of ``manyfest demo``.

- ``images``: tiny real images, for the main job in a folder
- ``documents``: images, lists, SBOMs and provenance as builders write them, without layers
- ``fleet``: a store of repositories with a past, for ``demo --explore``
"""
