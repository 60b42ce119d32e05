"""One registry host: from a request to the response that answers it, or to our error.

Modules in dependency order:

- ``requests``: every request of the distribution-spec as a value (pure)
- ``redirects``: where a redirect may lead, and with which headers (pure)
- ``host_facts``: what is remembered about a host for the next command (pure)
- ``server_clock``: the offset of a host's clock, from the ``Date`` of a response (pure)
- ``error_bodies``: the words in the body of an error (pure)
- ``error_responses``: from an unexpected response to an error
- ``token_answers``: from the answer of a token server to its token, or to an error
- ``warning_headers``: the warnings of registries, each told once
- ``transport_errors``: from a fault of the connection to an error
- ``scheme_probe``: find out by the first request whether a host speaks HTTP or HTTPS
- ``other_origins``: requests to servers that a registry names, and at which addresses they may be
- ``session``: redirects, authorisation and scheme around each request
- ``session_pool``: the sessions of one command, and their clients
"""
