"""The change of an image in one sentence: "list republished with linux/riscv64; …"."""

from collections.abc import Iterable

from manyfest.domain.comparison.status import Status
from manyfest.domain.errors import ManyfestError, reason_text
from manyfest.domain.operations.views.outdated import Checked, Verdict

_WORDS = {Status.ADDED: "added", Status.REMOVED: "removed", Status.CHANGED: "changed"}


def change_words(checked: Checked) -> str:
    """Return the sentence; empty where nothing changed."""
    if checked.verdict is Verdict.UNKNOWN:
        return _reason(checked.error) if checked.error else ""
    if checked.verdict is Verdict.NEW:
        return "first seen: nothing to compare with yet"
    if checked.verdict is Verdict.CURRENT:
        return ""
    if checked.verdict is Verdict.REPUBLISHED:
        return _republished(checked)
    if checked.changes is None:
        return "the tag moved; what it was before cannot be compared by platform"
    return _named(checked) or "the tag moved"


def _reason(error: ManyfestError) -> str:
    from manyfest.cli.advice.remedies import with_remedy

    return with_remedy(reason_text(error), error)


def _republished(checked: Checked) -> str:
    """Say what else changed in the list, and that the wanted platform did not."""
    parts = [
        f"{word} {', '.join(names)}"
        for status, word in ((Status.ADDED, "with"), (Status.REMOVED, "without"))
        if (names := _platforms(checked, status))
    ]
    if changed := _platforms(checked, Status.CHANGED):
        parts.append(f"with other images for {', '.join(changed)}")
    said = " and ".join(parts)
    same = str(checked.platform) if checked.platform else "all other platforms"
    if not parts:
        same = str(checked.platform) if checked.platform else "all platforms"
    return f"list republished{f' {said}' if said else ''}; {same} unchanged"


def _named(checked: Checked) -> str:
    """Name the platforms that changed, the wanted one first."""
    parts = [
        f"{', '.join(names)} {word}"
        for status, word in _WORDS.items()
        if (names := _platforms(checked, status))
    ]
    return "; ".join(sorted(parts, key=lambda part: not part.endswith("changed")))


def _platforms(checked: Checked, status: Status) -> list[str]:
    found = (change for change in checked.changes or () if change.status is status)
    return _each_once(str(change.platform or "the image") for change in found)


def _each_once(names: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(names))
