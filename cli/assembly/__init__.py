"""The parts of the composition root, each imported by the commands that use it.

- ``thread_pool``: the fan-out, in threads
- ``plugins``: adapters of other packages, found by entry points
- ``unconfirmed``: answers from the store that no registry confirmed, and warnings of them
- ``registry_clocks``: the clocks of registries, and the warning where they differ from ours
- ``first_connections``: which connections the first requests of a command take
- ``http_registries``: the registries over HTTP and their mirrors, from settings and rules
- ``registries``: the registries behind cache and routing
"""
