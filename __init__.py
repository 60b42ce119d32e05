"""Build, edit, inspect and publish multi-platform image lists.

``import manyfest`` is the library: ``manyfest.inspect("alpine:3")``, and ``manyfest.Client`` for
all else. The names in ``__all__`` are public, and ``docs/library.md`` lists them; each is imported
when it is first used. Of the package's parts, ports and values stay put for adapters of other
packages (ADR 0026); the rest is private:

- ``domain``: values, rules and use cases, without input or output
- ``adapters`` and ``store``: implementations of the domain's ports
- ``assembly``: the composition root, which wires them together
- ``cli`` and ``library``: the command line, and what this module offers
- ``testing``: help for tests of programs that use the library
"""

from manyfest.domain.version import VERSION

__version__ = VERSION

TYPE_CHECKING = False  # type checkers know the name; importing typing takes time
if TYPE_CHECKING:
    from manyfest import testing as testing
    from manyfest.domain import errors as errors
    from manyfest.domain import events as events
    from manyfest.domain.access import Credentials as Credentials
    from manyfest.domain.descriptors import Descriptor as Descriptor
    from manyfest.domain.digests import Digest as Digest
    from manyfest.domain.drafts.draft import ListType as ListType
    from manyfest.domain.errors import ManyfestError as ManyfestError
    from manyfest.domain.media_types import Family as Family
    from manyfest.domain.platforms import Platform as Platform
    from manyfest.domain.references import Reference as Reference
    from manyfest.library.cache import Cache as Cache
    from manyfest.library.client import Client as Client
    from manyfest.library.client import inspect as inspect
    from manyfest.library.drafts import Draft as Draft
    from manyfest.library.images import Image as Image
    from manyfest.library.results import Copied as Copied
    from manyfest.library.results import CopiedRepository as CopiedRepository
    from manyfest.library.results import Promoted as Promoted
    from manyfest.library.results import Pushed as Pushed
    from manyfest.library.results import Restored as Restored
    from manyfest.library.results import Rows as Rows
    from manyfest.library.results import Untagged as Untagged

# The modules of public names; modules that are public themselves have no name in front.
_PLACES = {
    "Cache": "library.cache",
    "Client": "library.client",
    "Copied": "library.results",
    "CopiedRepository": "library.results",
    "Credentials": "domain.access",
    "Descriptor": "domain.descriptors",
    "Digest": "domain.digests",
    "Draft": "library.drafts",
    "Family": "domain.media_types",
    "Image": "library.images",
    "ListType": "domain.drafts.draft",
    "ManyfestError": "domain.errors",
    "Platform": "domain.platforms",
    "Promoted": "library.results",
    "Pushed": "library.results",
    "Reference": "domain.references",
    "Restored": "library.results",
    "Rows": "library.results",
    "Untagged": "library.results",
    "inspect": "library.client",
}
_MODULES = {"errors": "domain.errors", "events": "domain.events", "testing": "testing"}

__all__ = [
    "Cache",
    "Client",
    "Copied",
    "CopiedRepository",
    "Credentials",
    "Descriptor",
    "Digest",
    "Draft",
    "Family",
    "Image",
    "ListType",
    "ManyfestError",
    "Platform",
    "Promoted",
    "Pushed",
    "Reference",
    "Restored",
    "Rows",
    "Untagged",
    "__version__",
    "errors",
    "events",
    "inspect",
    "testing",
]


def __getattr__(name: str) -> object:
    """Import a public name when it is first used. Raises AttributeError: there is none."""
    from importlib import import_module

    if place := _MODULES.get(name):
        found: object = import_module(f"{__name__}.{place}")
    elif place := _PLACES.get(name):
        found = getattr(import_module(f"{__name__}.{place}"), name)
    else:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    """Return the public names."""
    return __all__
