"""Credentials for registries, from where docker and podman keep them.

- ``registry_keys``: the keys of registries in files and helpers
- ``registry_auth``: the policy that an HTTP registry is made with
- ``helper_process``: the process of a credential helper, bounded and never left running
- ``credential_helper``: the protocol of ``docker-credential-NAME`` programs
- ``auth_entry``: an entry of ``auths``
- ``docker_config``: docker's ``config.json`` and ``DOCKER_AUTH_CONFIG``
- ``auth_json``: podman's ``auth.json``
- ``docker_login``: the login store, in docker's configuration
"""
