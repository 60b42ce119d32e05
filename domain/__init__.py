"""The rules of manyfest: values, ports and use cases, without any I/O.

Values, in dependency order:

- errors: every error, in one tree
- version: the version of this release
- values: the decorator of value classes
- media_types: the media types of manifests, lists and configs
- digests: digests, and verification of bytes against them
- references: names of manifests in registries, layouts and external homes
- annotations: merging, setting and removing annotations
- platforms: platforms, as text and as JSON
- descriptors: descriptors of manifests and blobs
- manifests: verbatim manifests, and views of their content
- image_configs: the platform in an image config
- expectations: the precondition of moving a tag
- events: progress of long operations
- access: credentials, token scopes and authentication reports, as values

Rooms and a module, in dependency order; each builds on those above it:

- encoding/: strict JSON in, canonical JSON out, timestamps
- lists/: selection by platform, attestations, referrers
- images/: image configs, build history, kinds of artifacts
- statements/: SBOMs, provenance and signers, out of what is attached
- image_uses/: names of images in Dockerfiles, compose files and the like
- drafts/: drafts, overrides, and the list that a draft becomes
- specs/: declared lists and lock files
- merging/: several writers, one tag
- history/: observations of tags, and past states
- bundles/: the index.json of a bundle
- memories/: the artifacts by which machines share their stores
- comparison/: differences between lists and images
- verification/: rules for lists, and findings
- ports/: the interfaces that adapters and the store implement
- partial_blobs: blobs in files, going on where an earlier transfer broke off
- operations/: the use cases, which call the ports
"""
