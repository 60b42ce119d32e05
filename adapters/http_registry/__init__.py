"""The registry and registry access ports over HTTP, by the distribution-spec.

Rooms in dependency order:

- ``reliability``: retries, and the throttle of each server
- ``transport``: bytes on sockets: connections, proxies, TLS, bodies
- ``auth``: challenges, token servers, and the ``Authorization`` header
- ``session``: one registry host: requests as values, scheme, redirects, errors
- ``api``: the distribution-spec, endpoint by endpoint
- ``registry``: HttpRegistry, which composes the parts of ``api``
"""
