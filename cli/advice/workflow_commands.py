"""An error as GitHub's runner reads it from a step's output, to show it on the page of the run."""

from collections.abc import Sequence

_ASKED_FOR = frozenset({"--github", "--github=true"})


def workflow_error(message: str, arguments: Sequence[str]) -> str:
    """Return the workflow command for ``message``, or nothing if the arguments lack --github.

    It is said of errors in the arguments, too, so the arguments need not be valid. A line end would
    begin another command, and is escaped (GitHub, "Workflow commands").
    """
    if _ASKED_FOR.isdisjoint(arguments):
        return ""
    escaped = message.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    return f"::error::{escaped}"
