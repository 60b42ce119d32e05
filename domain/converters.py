"""The one cattrs converter: from parsed JSON to frozen values. Unknown members are left alone.

cattrs makes a text of anything where a text is asked for; here a text must be one.
"""

from typing import Any

from cattrs import Converter

CONVERTER = Converter()


def _text(value: Any, _: type[str]) -> str:
    if not isinstance(value, str):
        raise TypeError("not a text")
    return value


CONVERTER.register_structure_hook(str, _text)
