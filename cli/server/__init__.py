"""The server: cached content, or a bundle, as a read-only registry (ADR 0059).

A driving adapter, like the commands: it turns requests of the distribution-spec into reads. In
dependency order, what is imported first:

- ``messages``: requests and answers as values
- ``byte_ranges``: the part of a blob that a ``Range`` header asks for
- ``names``: repositories by the names under which they are served
- ``routes``: what a path and its query ask for
- ``content``: the interface of what is served, and the store as such
- ``bundle_content``: a bundle as such
- ``pulls``: the answer to each request
- ``passwords``: the password file, and the check of a password
- ``access``: who may read: hosts and passwords
- ``connection``: HTTP/1.1 on one socket, with limits on size and time
- ``listener``: connections in threads, until Ctrl-C

Only the standard library and h11, which the HTTP client needs anyway, are used.
"""
