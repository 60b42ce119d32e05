"""Look at published images and lists, and change nothing.

* ``inspect``: read manifests, one or many.
* ``image``: one image of a list by platform, its config, or only its digest.
* ``platform_images``: every image of a list, with its config.
* ``show``: an image, a list or a draft as a person looks at it; ``overview`` has its values.
* ``attached``: what is attached to manifests, for that view.
* ``tags``: the tags of a repository.
* ``details``: the images of a list or draft, as ``inspect -v`` shows them.
* ``diff``: compare two images or lists by their content.
* ``verify``: find all that is wrong with an image or list.
* ``statements``: the SBOM or the provenance of an image; ``search_statements`` finds them.
* ``documents``: the documents of all that is attached, for ``attached``.
* ``outdated``: whether tags moved, and for which platforms.
* ``history``: the past states of a tag, from the store alone.
"""
