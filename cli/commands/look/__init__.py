"""Commands that look at published images and lists.

- ``show``: look at one as a person does
- ``tags``: list the tags of a repository
- ``digest``: print the digests of several
- ``diff``: compare two of them
- ``verify``: check one for errors
- ``history``: show the states of a tag
- ``who``: show what needs a digest
- ``outdated``: show which images are out of date
- ``attached``: show what is attached to an image
- ``sbom``: show the packages in an image
- ``provenance``: show how an image was built
- ``explore``: look at the store in a browser
"""
