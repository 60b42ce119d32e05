"""The distribution-spec, endpoint by endpoint: the conversations that serve the ports.

Modules in dependency order:

- ``pagination``: follow the pages of a listing, within the registry
- ``upload_sessions``: opened by a POST
- ``verified_pieces``: a blob in pieces, each of which can be opened again
- ``chunked_uploads``: PATCH after PATCH, going on where a chunk broke off
- ``uploads``: one PUT, or chunks
- ``manifests``: GET, HEAD, PUT, and the referrers tag
- ``tagged_puts``: several tags in one PUT
- ``deletions``: DELETE of tags and manifests
- ``blobs``: HEAD, GET with resumption, mount, upload
- ``listings``: tags and referrers
- ``tag_records``: what Quay and repo-info recorded of the past of tags
- ``survey``: what a registry can do, by requests that change nothing
- ``ping``: check and explain logins
"""
