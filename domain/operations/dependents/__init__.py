"""Answer what depends on a digest, from the store alone.

* ``find``: tags, lists, drafts and referrers that need it.
* ``neighbours``: images that share its layers, and which of them may be its base.
"""
