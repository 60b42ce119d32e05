"""Declared lists: specs in manifest-tool's form, and lock files.

- list_spec: lists that a user declares, and their entries
- lock: the digests of a spec's sources and lists
"""
