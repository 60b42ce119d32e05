"""The store in PostgreSQL, for many machines at once (ADR 0058). Imported when a URL names it.

The classes of the folder above run on it as they do on SQLite: ``database`` is the dialect
boundary. From the bottom up:

- ``address``: the URL, without its password where it is shown.
- ``statements``: SQL that is written for SQLite, as psycopg takes it.
- ``errors``: errors of the server and the connection, as errors of the library.
- ``index_migrations``: triggers that keep texts and the index of descriptors.
- ``migrations``: the schema, as numbered migrations.
- ``views``: the SQL views, over documents that the server has parsed.
- ``opening``: a connection whose schema is known; it creates and migrates.
- ``database``: statements, transactions and locks, as ``sqlite.database`` has them.
- ``content_store``: a group of content by one statement.
- ``garbage``, ``integrity``, ``catalogue``: statements that differ from SQLite's.
- ``queries``: SQL from the user, under a role of its own.
- ``store``: all of these as one object.
"""
