"""Settings of registries in the configuration folders of podman and docker.

- ``rules``: the rules of ``registries.conf``, and the route of a repository by them
- ``tables``: ``[[registry]]`` tables as rules
- ``conf_files``: ``registries.conf`` and its drop-in files
- ``certs_d``: certificates in ``certs.d`` folders
"""
