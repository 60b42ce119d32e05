"""OCI image-layout directories as a registry (image-spec, image-layout.md).

Modules in dependency order:

- ``safe_directory``: files of a directory: confined, atomic, locked
- ``index_json``: the names of a layout, parsed from ``index.json`` and written back
- ``layout_files``: the files that make a directory a layout; opening and making one
- ``layout_reader``: manifests of a layout, found by name or digest
- ``partial_blobs``: large blobs, written on from where an earlier writer broke off
- ``registry``: ``LayoutRegistry``: the registry port over these
- ``layout_with_history``: the same, with past states from the content store
"""
