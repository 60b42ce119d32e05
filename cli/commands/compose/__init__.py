"""Commands that assemble lists.

- ``add``: add images and lists to a draft
- ``drop``: remove entries from a draft
- ``ls``: show the drafts
- ``apply``: publish the lists that a file declares
- ``publish``: publish a release from what the jobs of a pipeline have built
- ``lock``: write the digests of a file's images to a lock
- ``imagetools_create``, ``imagetools_inspect``: ``create`` and ``inspect`` as buildx has them
"""
