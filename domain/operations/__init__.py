"""The use cases: what a person can do with lists, written against ``domain.ports``.

Rooms, each built on those before it:

* ``resolve``: read the manifest, and the config, that a reference names.
* ``login``: check credentials at a registry, then store them.
* ``steps``: what several operations share: the walks of trees, transfer, recording.
* ``attached``: find what is attached to images, such as signatures, and bring it along.
* ``drafts``: make and change the lists on this machine that are not pushed yet.
* ``views``: look at what is published: inspect, compare, verify, history.
* ``dependents``: find what needs a digest, in the store.
* ``content``: bring images elsewhere: copy, fetch, export, import.
* ``promotion``: copy by digest, prove it, and then move the tags.
* ``publication``: write lists to registries: push, merge, apply, lock, undo.
* ``memories``: share the store by a registry: push to a memory, pull from it.
* ``store``: the upkeep of the store.

An operation is handed its ports as one value, and its docstring names those that it uses. What
writes to a registry is a pair, a plan that can be shown and a function that executes it.
Operations record what they read by themselves (``steps.record``). They know no threads: a fan-out
makes their calls, and progress is reported by events (``domain.events``).
"""
