"""Bring images and lists elsewhere, with all that they consist of.

* ``copy``: to another registry, repository or layout.
* ``fetch``: into the store.
* ``export_bundle``: from the store into a bundle.
* ``import_bundle``: from a bundle into the store.
"""
