"""Memories: artifacts in a registry by which machines share histories and content (ADR 0063).

- memory_index: the states of tags and the digests of content, and their union
- memory_part: the artifact that brings an index and its content
"""
