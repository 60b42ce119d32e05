"""Facts about images and artifacts that a person wants to see.

* ``kinds``: the word for a manifest: image, Helm chart, signature, SBOM.
* ``attachments``: what is attached to a manifest, in any form, and the purpose of it.
* ``configuration``: the members of an image config, read leniently.
* ``build_history``: the steps that built an image, as a Dockerfile has them, with sizes.
"""
