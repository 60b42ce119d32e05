"""Registries in front of another registry, and a content store in front of another.

A command's registry is a stack of them: routing, then cached (or offline, with nothing behind it),
then mirrored, then HTTP. Modules in dependency order:

- ``base``: the port's methods forwarded through one hook
- ``routing``: choose the adapter by the home of a reference
- ``cache_decision``: when a cached tag may answer, as pure functions (ADR 0020)
- ``cached``: content by digest from the store, tags confirmed at the registry
- ``offline``: answers from the store only
- ``mirror_log``: unreachable mirrors and notices of one command
- ``mirrored``: mirrors before the origin (ADR 0014)
- ``through``: one mirror alone, and one that is filling
- ``shared_work``: what many copies at once need is done once
- ``confirmed_observations``: a content store without the observations no registry confirmed
"""
