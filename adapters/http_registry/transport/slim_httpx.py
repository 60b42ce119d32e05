"""httpx without its command line, to be imported from here: ``from … import httpx``.

``import httpx`` also loads httpx's command, and with it click, rich and pygments where these are
installed: 60 of its 140 ms. A module that is None in ``sys.modules`` cannot be imported, and httpx
is made to live without this one (its extra is called ``cli``).
"""

import sys

_COMMAND_LINE = "httpx._main"

if "httpx" in sys.modules or _COMMAND_LINE in sys.modules:
    import httpx
else:
    sys.modules[_COMMAND_LINE] = None  # type: ignore[assignment]
    try:
        import httpx
    finally:
        del sys.modules[_COMMAND_LINE]

__all__ = ["httpx"]
