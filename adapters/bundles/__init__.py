"""Bundles as folders and archives: OCI image layouts, and the archives of ``docker save``.

Modules in dependency order:

- ``compression``: gzip, zstd, bzip2 and xz
- ``file_source``: the port of this room: the files of a bundle, in a folder or an archive
- ``folder_reader``: files of a folder
- ``tar_stream``: the bytes of an archive, forwards only, with limits of expansion
- ``tar_members``: the members of an archive, checked
- ``tar_reader``: files of an archive
- ``layout``: ``LayoutBundle``: the bundle port over the files of an OCI layout
- ``docker_archive``: ``DockerBundle``: the same over the files of a docker archive
- ``open_bundle``: opening a bundle of any of these kinds
- ``archive_registry``: ``ArchiveRegistry``: the registry port over archives, read only
- ``folder_writer``: writing a bundle as a folder
- ``tar_writer``: writing a bundle as an archive
- ``write_bundle``: either, by the name of the file
- ``temporary_bundles``: ``TemporaryBundles``: bundles as blobs, in temporary files
"""
