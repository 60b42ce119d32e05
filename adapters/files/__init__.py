"""Files: bounded reading, atomic replacement, and the texts of errors.

- ``os_error_text``: the reason of a system error
- ``regular_file``: a bounded read that never waits at a pipe
- ``atomic_file``: files that are replaced whole or not at all
- ``json_file``: JSON files with credentials, read once and rewritten under a lock
- ``go_json``: JSON as Go's ``encoding/json`` reads it
"""
