"""Lists of manifests: platforms, attestations, referrers, blobs.

- attestations: BuildKit's attestations, and the images they attest
- platform_normalisation: platform aliases, default variants, supported pairs
- platform_selection: the entries of a list for some platforms
- conversion: manifests with the media types of the other family
- families: lists that mix Docker and OCI manifests
- referrers: descriptors of referrers, and the referrers tag schema
- distributable_blobs: the blobs that a copy of an image needs
"""
