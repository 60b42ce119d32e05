"""The output of ``inspect -f``: a JSON object a line, for a manifest or a failure."""

import json
import re

from manyfest.cli.rendering.humanize import format_time
from manyfest.domain.encoding.strict_json import Json
from manyfest.domain.errors import ManyfestError
from manyfest.domain.history.observation import Observation
from manyfest.domain.operations.resolve import Resolved

_STRING_OR_SPACE = re.compile(r'("[^"\\]*(?:\\.[^"\\]*)*")|[ \t\r\n]+')


def found_line(found: Resolved, unconfirmed: Observation | None) -> str:
    """Return an object with the manifest that was found.

    Its members are ``reference``, ``digest``, ``mediaType``, ``size`` and ``manifest``, which is
    the document itself. An observation that no registry confirmed has ``seenAt`` (UTC) before it.
    """
    manifest = found.manifest
    members: dict[str, Json] = {
        "reference": str(found.reference),
        "digest": str(manifest.digest),
        "mediaType": manifest.media_type,
        "size": manifest.size,
    }
    if unconfirmed is not None:
        members["seenAt"] = format_time(unconfirmed.seen_at)
    return f'{_line(members)[:-1]},"manifest":{_on_one_line(manifest.data.decode())}}}'


def failure_line(written: str, error: ManyfestError, code: int) -> str:
    """Return an object of ``reference``, ``error`` (a sentence) and ``code``.

    ``code`` is the exit code that this failure alone would have.
    """
    from manyfest.cli.advice.remedies import told

    return _line({"reference": written, "error": told(error), "code": code})


def _line(members: dict[str, Json]) -> str:
    return json.dumps(members, ensure_ascii=False, separators=(",", ":"))


def _on_one_line(document: str) -> str:
    """Remove white space between tokens; the tokens stay as they are."""
    return _STRING_OR_SPACE.sub(lambda token: token[1] or "", document)
