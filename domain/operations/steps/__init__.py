"""Steps that several operations share.

* ``record``: store what was read or written; the rule of who records what.
* ``creation_date``: when an image or a list was made, by what it says of itself.
* ``metered_reader``: a bound on the documents that one operation keeps in memory.
* ``select_image``: find one image of a list or draft by its platform.
* ``tree``: walk a list and all below it.
* ``stored_blobs``: the blobs of the store as a bundle takes them.
* ``transfer``: bring manifests and blobs to another repository, registry or layout.
* ``lacking``: look at what a target lacks.
* ``late_copy``: images that are read when they are written, because they are large.
* ``conversion``: read manifests and convert their media types.
* ``missing_children``: find the children that a target lacks, and plan to put them again.
* ``put_manifest``: put a manifest, and explain a refused list.
* ``conditional_put``: move a tag only from where it is expected to point.
"""
