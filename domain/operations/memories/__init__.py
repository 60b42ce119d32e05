"""Share histories and content with other machines, by a memory in a registry (ADR 0063).

* ``read_memory``: the base of a memory, its deltas, and their indexes.
* ``pull_memory``: from a memory into the store.
* ``push_memory``: from the store into a memory, as a delta; many deltas become a new base.
* ``put_parts``: writing a part under its tag, and a base under the memory's; taking away the tags
  that a base replaced.
"""
