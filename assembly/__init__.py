"""The composition root, which the command line and the library share.

Each part is imported by the sessions that use it. Nothing here prints, or knows a terminal: what a
session has to say goes to the ``Hooks`` of its settings.

- ``session``: the ports of one command or call
- ``publication``: plans of releases, and the steps of a push and a merge
- ``references``: references as a person types them
- ``doctor``: reports about this machine and about registries
- ``preconditions``: what is refused before anything is written
- ``access``: logins, and checks of them
- ``settings``: what a session runs with, and what the environment says of it
- ``thread_pool``: the fan-out, in threads
- ``plugins``: adapters of other packages, found by entry points
- ``stores``: stores that a URL names
- ``unconfirmed``: answers from the store that no registry confirmed, and warnings of them
- ``registry_clocks``: the clocks of registries, and the warning where they differ from ours
- ``first_connections``: which connections the first requests of a command take
- ``credential_sources``: where credentials come from, in their order
- ``http_registries``: the registries over HTTP and their mirrors, from settings and rules
- ``registries``: the registries behind cache and routing
"""
