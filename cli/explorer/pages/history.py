"""The history of a tag, and the comparison of any two manifests."""

import json

from manyfest.cli.explorer.library import Library
from manyfest.cli.explorer.page import Arguments, Page, command_line
from manyfest.cli.explorer.pages.references import reference_in
from manyfest.cli.rendering.diff.diff_json import diff_json
from manyfest.cli.rendering.history import history_json
from manyfest.domain.encoding.strict_json import Json
from manyfest.domain.operations.views.diff import diff
from manyfest.domain.operations.views.history import history as states_of
from manyfest.domain.references import Reference


def history(subject: str, _query: Arguments, library: Library) -> Page:
    """Show the states of a tag, newest first, and the commands that put others back.

    Raises NeverSeenError: the store knows none.
    """
    tag = Reference.parse(subject)
    states: list[dict[str, Json]] = json.loads(history_json(states_of(tag, library.contents)))
    for state in states:
        number, is_current = str(state["number"]), state["digest"] == states[0]["digest"]
        stays = is_current or state["removed"]
        state["undo"] = None if stays else command_line("undo", subject, "--to", number)
    data: dict[str, Json] = {"reference": subject, "repository": str(tag.home), "states": states}
    commands = (command_line("history", subject),)
    return Page("history.html", f"History of {subject}", data, commands)


def compare(_subject: str, query: Arguments, library: Library) -> Page:
    """Compare the references ``a`` and ``b``; without both, ask for them."""
    names = {side: query.get(side, "").strip() for side in ("a", "b")}
    if not all(names.values()):
        usage = (command_line("diff", "--help"),)
        return Page("compare.html", "Compare", {**names, "comparison": None}, usage)
    before, after = (reference_in(name, library) for name in names.values())
    found: Json = json.loads(diff_json(diff(before, after, ports=library)))
    commands = (command_line("diff", "--offline", *names.values()),)
    data: dict[str, Json] = {**names, "comparison": found}
    by_digest = before.digest is not None and after.digest is not None
    is_immutable = by_digest and not any("@{" in name for name in names.values())
    return Page("compare.html", "Compare", data, commands, is_immutable=is_immutable)
