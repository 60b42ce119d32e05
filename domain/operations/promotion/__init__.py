"""Promote images and lists: copy them by digest, prove that all arrived, and then move the tags.

* ``inventory``: all manifests of an image or a list, and all that is attached to them.
* ``outcomes``: one step for each of several promotions, and their failures.
* ``plan``: survey the sources, check what is required, and compare with the targets.
* ``prove_and_move``: read the targets back, compare, and then move and record the tags.

Theory of operation. Several are promoted together: no tag of any moves before all are proved. So
there are two functions, and ``content.copy`` copies each plan between them.

1. ``plan_promotions`` resolves each source once, and reads all that it names and that is attached.
   The rest names digests, so a tag of the source that moves meanwhile changes nothing. Nothing is
   planned unless all that is required is attached.
2. ``copy`` writes everything under its digest; no tag moves.
3. ``prove_and_move`` reads all targets back, from the registries themselves, and compares. No tag
   moves unless all is equal. The plan has the digest that each tag had at first; a HEAD right
   before the writes finds a tag that another writer has moved meanwhile, and then no tag moves. A
   registry that compares (``If-Match``) leaves no gap between the two.

The reasons for which no tag moves are returned as values. An error of one of several promotions is
such a reason, and the others are still looked at; an error of the only one is raised.
"""
