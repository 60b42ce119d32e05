"""The upkeep of the store.

* ``check_store``: find damage and move it to the quarantine.
* ``copy_store``: copy all of a store into another.
* ``collect_garbage``: remove what no draft, tag or person needs.
"""
