"""Waiting, trying again, giving up.

In dependency order; the deadline itself is ``adapters/deadline``:

- ``retry``: the tries of an operation, backoff, Retry-After
- ``throttle``: the pause and the pace that each server asked for
"""
