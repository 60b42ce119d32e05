"""The parts of the composition root, each imported by the commands that use it.

- ``thread_pool``: the fan-out, in threads
- ``plugins``: adapters of other packages, found by entry points
- ``unconfirmed``: answers from the store that no registry confirmed, and warnings of them
- ``registry_clocks``: the clocks of registries, and the warning where they differ from ours
- ``registries``: the registries behind mirrors, cache and routing
"""
