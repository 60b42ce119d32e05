"""The reports of ``doctor``: about this machine, or about a registry.

- ``machine``: this installation, its configuration and its store
- ``registry``: the abilities of a registry, as its answers and earlier commands show
- ``report``: sections of facts, for programs and for people
- ``safe_text``: values that may be pasted into an issue
"""
