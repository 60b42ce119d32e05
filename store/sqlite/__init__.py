"""One SQLite file and the rules for using it, whatever its tables mean.

From the bottom up:

- ``schema``: the newest schema, as statements.
- ``descriptors``: which manifest names which digest, as a table with triggers.
- ``texts``: annotations and labels as texts for a search, likewise.
- ``migrations``: the schema, as numbered migrations by sqlite-utils.
- ``errors``: errors of SQLite and of the system as errors of the library.
- ``opening``: open, refuse, create or migrate the file; let Ctrl-C end a statement.
- ``database``: statements and transactions on it, and retries while another process locks it.
"""
