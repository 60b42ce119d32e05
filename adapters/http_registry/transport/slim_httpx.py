"""httpx without what it does not need here, to be imported from here: ``from … import httpx``.

``import httpx`` also loads httpx's command, and with it click, rich and pygments where these are
installed: 60 of its 140 ms. A module that is None in ``sys.modules`` cannot be imported, and httpx
is made to live without this one (its extra is called ``cli``).

The modules of ``_LATER`` serve what no command of ours does: waiting without threads, certifi's own
roots, names of hosts beyond ASCII, temporary folders, decompression. httpx and what it imports get
a ``_Later`` in the place of each; whoever else imports them gets them as they are. One that is not
installed gets none if httpx does without it, and must not offer servers what it needs it for.
"""

import sys
from importlib import import_module
from importlib.machinery import PathFinder
from types import ModuleType

_COMMAND_LINE = "httpx._main"
_LATER = ("anyio", "certifi", "idna", "mimetypes", "shutil", "zstandard")
_OPTIONAL = "zstandard"


class _Later(ModuleType):
    """A module that is imported when something of it is used for the first time. Thread-safe.

    Whoever uses it while httpx is still being imported (another thread, or a later httpx) gets the
    module all the same: this one leaves its place first, or its import would find it there again.
    """

    def __getattr__(self, name: str) -> object:
        if sys.modules.get(self.__name__) is self:
            sys.modules.pop(self.__name__, None)
        return getattr(import_module(self.__name__), name)


def _is_absent(name: str) -> bool:
    return name == _OPTIONAL and PathFinder.find_spec(name) is None


if "httpx" in sys.modules or _COMMAND_LINE in sys.modules:
    import httpx
else:
    _wanted = [name for name in _LATER if not (name in sys.modules or _is_absent(name))]
    _placed = {name: _Later(name) for name in _wanted}
    sys.modules |= {_COMMAND_LINE: None} | _placed  # type: ignore[arg-type]
    try:
        import httpcore  # noqa: F401 - httpx imports it later
        import httpx
    finally:
        del sys.modules[_COMMAND_LINE]
        for _name, _module in _placed.items():
            if sys.modules.get(_name) is _module:
                del sys.modules[_name]

__all__ = ["httpx"]
