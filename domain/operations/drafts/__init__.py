"""Make and change drafts: the lists on this machine that are not pushed yet.

* ``create``: make a draft from images and lists, or add to one.
* ``convert``: convert one to the media types of Docker or OCI.
* ``annotate``: override what an entry, or the list itself, says.
* ``drop``: remove entries, or a whole draft.
* ``import_drafts``: take over the drafts of another program.
"""
