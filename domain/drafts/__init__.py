"""Drafts: lists that are assembled on this machine before they are pushed.

- overrides: changes that a user makes to entries and to the list itself
- overrides_json: overrides as JSON, for the store and for bundles
- draft: the draft, its entries and its changes
- draft_json: the file of drafts in a bundle
- source_entries: the entries that a source list contributes
- deduplication: entries of one image for one platform
- platform_conflicts: different entries for one platform
- expected_platforms: the check that a release has all its platforms
- entry_lookup: the entry that a user names
- docker_file_names: docker's names of files of drafts, which decide the order
- draft_conversion: a draft whose entries have media types of one family
- list_assembly: the list that a draft becomes
"""
