"""Facts about images and artifacts that a person wants to see.

* ``kinds``: the word for a manifest: image, Helm chart, signature, SBOM.
* ``configuration``: the members of an image config, read leniently.
* ``build_history``: the steps that built an image, as a Dockerfile has them, with sizes.
"""
