"""Results as text for people and as JSON for programs.

- ``humanize``: numbers, sizes, times, digests, and the width of texts
- ``table``: columns of a table as a file and a terminal get them, and JSON arrays
- ``fitting``: tables on a terminal of some width
- ``selection``: ``--filter``, ``--sort``, ``--columns``
- ``progress``: the progress line on a terminal
- ``json_text``: large JSON documents
- ``manifest_text``, ``json_lines``: ``inspect``
- ``drafts_table``: ``ls``
- ``planned_writes``: ``push``, ``apply``, ``copy`` and ``undo``, before they write
- ``diff/``: ``diff``
- ``findings``: ``verify``
- ``fleet/``: ``verify`` of many images
- ``history``: ``history``
- ``tags_table``: ``tags``
- ``show/``: ``show``
- ``who/``: ``who``
- ``attached/``: ``sbom`` and ``provenance``
- ``outdated/``: ``outdated``
- ``auth_report``: ``auth why``
- ``copying/``: ``promote``, and ``copy`` of repositories
- ``cache/``: the ``cache`` commands
"""
