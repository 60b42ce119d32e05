"""Bring images and lists elsewhere, with all that they consist of.

* ``copy``: to another registry, repository or layout.
* ``copy_tags``: the same for many tags of a repository.
* ``lost_blobs``: blobs that a target has lost, although it has their manifests.
* ``convert_copy``: the same, with other media types.
* ``fetch``: into the store.
* ``fetch_attached``: what is attached to what was fetched.
* ``fetch_slices``: many references into the store.
* ``export_bundle``: from the store into a bundle.
* ``stored_trees``: what the store has under many names.
* ``gather``: collect manifests from a store or a bundle, with what is missing.
* ``bundle_documents``: the documents of a bundle, checked.
* ``bundle_images``: the images of a bundle under their names.
* ``import_bundle``: from a bundle into the store.
* ``import_history``: what servers recorded of a tag, as claims.
"""
