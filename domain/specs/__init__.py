"""Declared lists: specs in manifest-tool's form, lock files, and what builds leave behind.

- annotation_levels: annotations of the list and of its entries, in buildx's words
- list_spec: lists that a user declares, and their entries
- lock: the digests of a spec's sources and lists
- release_entries: the entries of several sources, merged, selected and annotated
- buildx_sources: sources in the forms of ``docker buildx imagetools create``
- promotions: digests and the tags that they get, as kpromo reads them
- version_ranges: ranges of semantic versions, over tags
- build_results: tags, annotations and digests that earlier steps of a pipeline write
"""
