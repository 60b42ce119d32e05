"""A strict cattrs converter: from parsed JSON or TOML to frozen values.

cattrs coerces any value to ``str`` and ``bool``; this converter requires the exact type instead.
Unknown members are ignored.
"""

from typing import Any

from cattrs import Converter


def strict_converter() -> Converter:
    """Return a new converter, for one module to add its own hooks to."""
    converter = Converter()
    converter.register_structure_hook(str, _text)
    converter.register_structure_hook(bool, _boolean)
    return converter


def _text(value: Any, _: type[str]) -> str:
    if not isinstance(value, str):
        raise TypeError("not a string")
    return value


def _boolean(value: Any, _: type[bool]) -> bool:
    if not isinstance(value, bool):
        raise TypeError("neither true nor false")
    return value
