"""Bundles: OCI layouts that carry cached content to another store.

- index_entries: the entries of index.json, with names and observation times
- index_image: the image that entries of index.json are together
"""
