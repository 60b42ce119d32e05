"""Differences between two lists or images, as pure functions.

- status: the words for a difference: statuses, and the kinds for exit codes
- json_differences: two JSON documents, member by member
- steps: the histories of two images, side by side
- images: two images: layers, configs, manifests
- entries: two lists: pairs of entries by platform, their order, attestations
- scope: the part of two lists that is compared
- changes: the change of one entry, with its status
"""
