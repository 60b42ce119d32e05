"""Build, edit, inspect and publish multi-platform image lists.

The package's parts, each with a map in its own docstring:

- ``domain``: values, rules and use cases, without input or output
- ``adapters`` and ``store``: implementations of the domain's ports
- ``cli``: the command line, which wires them together
"""

from manyfest.domain.version import VERSION

__version__ = VERSION

__all__ = ["__version__"]
