"""The store: one SQLite file or a PostgreSQL database, and a folder of layers on this machine.

Each module above the rooms implements the port of its name (``manyfest.domain.ports``). From the
bottom up:

- ``sqlite/``: the file. Opening, creating, migrating it; transactions; what its errors mean.
- ``sql_database``: SQLite and PostgreSQL as one interface.
- ``rows``: drafts and observations as rows; decoding, and damage where a value does not parse.
- ``packages``: the packages of stored SBOMs, as rows for queries.
- ``predecessors``: which manifests name a digest, and which tags pointed to it.
- ``bulk_reads``: manifests, sizes and names of many digests at once.
- ``tag_histories``: late observations of a tag, and what servers claim.
- ``content_store``: manifests and configs by digest, observations of tags.
- ``draft_book``: lists being assembled.
- ``host_book``: what was learnt about registry hosts, on a connection of its own.
- ``names``: names of drafts and tags by their beginning, for completion.
- ``partial_layers``: layers that are not whole yet.
- ``layer_store``: layers as files, in the folder.
- ``store``: all of these as one object; ``open_store`` is the way in.
- ``maintenance/``: what the ``cache`` commands need: catalogue, queries, garbage, integrity.
- ``postgres/``: the store of many machines; imported when a URL names it.
"""
