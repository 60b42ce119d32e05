"""The flows of ``doctor``: what a report about this machine, or about a registry, says.

- ``safe_text``: values that may be pasted into an issue
- ``machine``: this installation, its configuration and its store
- ``registry``: the abilities of a registry, as its answers and earlier commands show
"""
