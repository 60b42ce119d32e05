"""Results as text for people and as JSON for programs.

- ``humanize``: numbers, sizes, times and digests
- ``table``: aligned columns, and JSON arrays
- ``progress``: the progress line on a terminal
- ``manifest_text``, ``json_lines``: ``inspect``
- ``drafts_table``: ``ls``
- ``push_plan``: ``push`` and ``apply``
- ``diff_text``, ``diff_json``: ``diff``
- ``findings``: ``verify``
- ``history``: ``history``
- ``auth_report``: ``auth why``
- ``cache/``: the ``cache`` commands
"""
