"""``inspect -f``: an object a line, for what was read and for what could not be."""

import json
import re

from manyfest.cli.rendering.humanize import seconds
from manyfest.domain.encoding.strict_json import Json
from manyfest.domain.errors import ManyfestError
from manyfest.domain.history.observation import Observation
from manyfest.domain.operations.resolve import Resolved

_STRING_OR_SPACE = re.compile(r'("(?:[^"\\]|\\.)*")|[ \t\r\n]+')


def found_line(found: Resolved, unconfirmed: Observation | None) -> str:
    """``reference``, ``digest``, ``mediaType``, ``size`` and ``manifest``, the document itself.

    With ``seenAt`` (UTC) before it where this is what the tag was seen to be then, and no more.
    """
    manifest = found.manifest
    members: dict[str, Json] = {
        "reference": str(found.reference),
        "digest": str(manifest.digest),
        "mediaType": manifest.media_type,
        "size": manifest.size,
    }
    if unconfirmed is not None:
        members["seenAt"] = seconds(unconfirmed.seen_at)
    return f'{_line(members)[:-1]},"manifest":{_on_one_line(manifest.data.decode())}}}'


def failure_line(written: str, error: ManyfestError, code: int) -> str:
    """``reference``, ``error``, a sentence, and ``code``, the exit code if it were the only one."""
    return _line({"reference": written, "error": str(error), "code": code})


def _line(members: dict[str, Json]) -> str:
    return json.dumps(members, ensure_ascii=False, separators=(",", ":"))


def _on_one_line(document: str) -> str:
    """The same tokens: numbers, escapes and members that nobody here knows stay as they are."""
    return _STRING_OR_SPACE.sub(lambda token: token[1] or "", document)
