"""The adapters: implementations of the domain's ports over HTTP, files and other programs.

Rooms and modules that implement ports, or serve a command directly:

- ``http_registry``: registries over HTTP, by the distribution-spec
- ``registries_conf``: mirrors, rewriting and certificates in podman's and docker's configuration
- ``bundles``: folders and archives that carry cached content
- ``docker_drafts``: the drafts that ``docker manifest`` keeps
- ``manifest_tool``: lists declared in YAML

Registries that wrap or replace others:

- ``decorators``: the registry port over another: cached, mirrored, offline, routed
- ``oci_layout``: OCI image layouts as registries
- ``memory``, ``recorded``: a registry in memory, and one that plays a recording, for tests

Files that name images:

- ``manifest_tool``, ``image_files``: specs of lists; Dockerfiles, compose files and the like

Logins:

- ``credentials``: docker's and podman's files and credential helpers

Values and tools, which know no adapter:

- ``address_policy``: the addresses that a server may send us to
- ``endpoint``, ``mirrors``: the address of a registry, its connection modes, its mirrors
- ``deadline``: the time that a command may take
- ``single_flight``: one call per key at a time
- ``read_budget``: the memory of those who read large contents at the same time
- ``files``: reading and replacing files
- ``registry_parts``: blobs in memory, and the check that a manifest's children exist
- ``cattrs_converter``: strict conversion of foreign documents
"""
