"""The content that is attached to manifests: signatures, SBOMs, provenance, and theirs in turn.

* ``find``: find it, in every form, in rounds of ``questions``.
* ``cached``: what the store holds of it, without any request.
* ``copies``: plan to bring it to where its subjects are brought.
* ``pushes``: the same for what is published.
* ``put``: execute such a plan; ``put_referrers`` reads back whether the target lists them.
"""
