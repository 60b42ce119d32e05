"""The distribution-spec, endpoint by endpoint: the conversations that serve the ports.

Modules in dependency order:

- ``pagination``: follow the pages of a listing, within the registry
- ``uploads``: an upload session and its PUT
- ``manifests``: GET, HEAD, PUT, and the referrers tag
- ``blobs``: HEAD, GET with resumption, mount, upload
- ``listings``: tags and referrers
- ``ping``: check and explain logins
"""
