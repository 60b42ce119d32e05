"""The commands, one a file; ``process.command_group`` imports the one that runs.

A command parses its arguments, opens a session, calls operations or flows, and prints the result.

- ``docker/``: docker's own, with docker's arguments and output
- ``compose/``: the assembly of lists, as drafts or as declared in a file
- ``look/``: views, comparison, verification and history of images
- ``copy/``: copies, and tags put back
- ``cache/``: the local store
- ``setup/``: logins, docker's plugin and the demonstration
"""
