"""JSON Schemas (2020-12), one file for each ``--json`` output and each file we read or write.

- ``files``: reads them
- ``NAME.json``: a schema; ``title`` says what it describes, ``$id`` ends in version and name

ADR 0067 says what they promise.
"""
