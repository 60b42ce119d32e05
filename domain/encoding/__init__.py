"""Reading and writing JSON, timestamps and quantities, and showing URLs.

- strict_json: the parser of untrusted JSON, and its types
- canonical_json: JSON as Go writes it, for lists that we author
- shown_urls: the form of a URL that may be shown
- quantities: numbers, times and sizes as people write them
- timestamps: RFC 3339 in UTC
"""
