"""Write lists to registries and layouts.

* ``plan_push``: what a push writes, as a value; ``moves`` are the entries from other homes.
* ``push``: execute such plans.
* ``merge_reads``: read the tag and the intents that a merge goes by.
* ``merge``: put entries into a tag that other writers write at the same time.
* ``compose_specs``: make lists from declared specs, without drafts.
* ``apply``, ``lock``: publish what specs declare; write down its digests.
* ``undo``: put back a past state of a tag.
* ``untag``: take a tag away, and nothing else.
"""
