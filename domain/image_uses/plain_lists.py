"""Images in a plain list: a name a line, and comments after ``#``."""

import re
from collections.abc import Iterator

from manyfest.domain.image_uses.image_use import ImageUse

_COMMENT = re.compile(r"(?:^|\s)#")  # within a word # is a character like others


def images_in_list(text: str) -> Iterator[ImageUse]:
    """Yield the image of each line that is not empty."""
    for number, line in enumerate(text.splitlines(), start=1):
        if name := _COMMENT.split(line, maxsplit=1)[0].strip():
            yield ImageUse(name, number)
