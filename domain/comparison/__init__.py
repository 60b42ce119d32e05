"""Differences between two lists or images, as pure functions.

- json_differences: two JSON documents, member by member
- images: two images: layers, configs, manifests
- entries: two lists: pairs of entries by platform, their order, attestations
- changes: the change of one entry, with its status
"""
