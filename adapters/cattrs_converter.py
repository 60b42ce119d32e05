"""The one cattrs converter: from parsed JSON to frozen values. Unknown members are left alone.

cattrs makes a text or a truth of anything where one is asked for; here it must be one.
"""

from typing import Any

from cattrs import Converter

CONVERTER = Converter()


def _text(value: Any, _: type[str]) -> str:
    if not isinstance(value, str):
        raise TypeError("not a text")
    return value


def _truth(value: Any, _: type[bool]) -> bool:
    if not isinstance(value, bool):
        raise TypeError("neither true nor false")
    return value


CONVERTER.register_structure_hook(str, _text)
CONVERTER.register_structure_hook(bool, _truth)
