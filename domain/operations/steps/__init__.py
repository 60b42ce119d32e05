"""Steps that several operations share.

* ``record``: store what was read or written; the rule of who records what.
* ``tree``: walk a list and all below it.
* ``gather``: collect manifests from a store or a bundle, with what is missing.
* ``stored_blobs``: the blobs of the store as a bundle takes them.
* ``find_referrers``: signatures, SBOMs and other referrers, and theirs in turn.
* ``transfer``: bring manifests and blobs to another repository, registry or layout.
* ``conditional_put``: move a tag only from where it is expected to point.
"""
