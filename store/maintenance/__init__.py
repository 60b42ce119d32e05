"""Maintenance of the store, for the ``cache`` commands: list, query, collect garbage, repair.

From the bottom up:

- ``package_views``: the SQL view of packages, and its parts.
- ``views``: all SQL views over the stored bytes, with SQLite's JSON functions.
- ``read_only``: a connection that cannot write and has the views.
- ``layer_files``: the layer folder as files with an age and a size.
- ``catalogue``: cached tags by pages, and statistics (port ``catalogue``).
- ``answer``: rows of a query, from the thread that reads them to the one that takes them.
- ``queries``: SQL from the user, restricted to the views (port ``queries``).
- ``garbage``: find and remove what nothing reaches (port ``garbage``).
- ``row_checks``: faults of a single row, in words.
- ``quarantine``: move damaged rows and layers where nothing reads them.
- ``integrity``: check every row and layer (port ``integrity``).
- ``housekeeping``: these ports as one object over a store.
"""
