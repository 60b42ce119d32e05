"""Reading and writing JSON and timestamps.

- strict_json: the parser of untrusted JSON, and its types
- canonical_json: JSON as Go writes it, for lists that we author
- timestamps: RFC 3339 in UTC
"""
