"""Results of the ``cache`` commands.

- ``catalogue``: ``cache ls`` and ``cache stats``
- ``query_result``: ``cache query``
- ``gc_report``: ``cache gc``
- ``fsck_report``: ``cache fsck``
- ``bundle_summary``: ``cache export`` and ``cache import``
- ``memory_summary``: ``cache push`` and ``cache pull``
- ``store_copy``: ``cache copy``
"""
