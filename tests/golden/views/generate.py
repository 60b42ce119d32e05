"""Views as they look on terminals: one golden file for each view and width.

``python -m tests.golden.views.generate`` writes them anew. Colours are written as ``{strong}…{}``.
"""

import re
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

from attrs import evolve

from manyfest.cli import output
from manyfest.cli.output import PLAIN, Screen
from manyfest.cli.rendering.cache.catalogue import tag_columns
from manyfest.cli.rendering.drafts_table import draft_columns
from manyfest.cli.rendering.history import state_columns
from manyfest.cli.rendering.table import View
from manyfest.domain.comparison.changes import Status
from manyfest.domain.digests import Digest
from manyfest.domain.history.observation import Observation
from manyfest.domain.operations.views.history import PlatformChange, State
from manyfest.domain.platforms import Platform
from manyfest.domain.ports.catalogue import CachedTag
from manyfest.domain.references import Reference
from tests.golden.generate import NOW, draft, entry

FOLDER = Path(__file__).parent
SCREENS = {
    "piped": PLAIN,
    "50": Screen(50),
    "80": Screen(80),
    "80-color": Screen(80, has_color=True),
    "120": Screen(120),
    "200": Screen(200),
}
NAMES = {code: name for name, code in output._STYLES.items()} | {"0": ""}

LONG = (
    "127.0.0.1:5931/platform-engineering/customer-experience/checkout-service-frontend"
    ":release-2026.11.29-rc.1-build.48213-multi"
)
PLATFORMS = ("linux/amd64", "linux/arm64/v8", "linux/arm/v7", "windows(10.0.26100.1742)/amd64")


def _ago(**time: float) -> datetime:
    return NOW - timedelta(**time)


def _draft(name: str, *platforms: str):
    return draft(name, *(entry(f"{name}-{i}", text) for i, text in enumerate(platforms)))


DRAFTS = [
    evolve(_draft("r.example/app:1", "linux/amd64"), changed_at=_ago(seconds=3)),
    evolve(_draft(LONG, *PLATFORMS), changed_at=_ago(minutes=2)).marked_pushed(Digest.of(b"x")),
    evolve(_draft("oci:/srv/日本語/layouts:v1", *PLATFORMS[:2]), changed_at=_ago(days=40)),
    evolve(draft("r.example/empty:1"), changed_at=NOW),
]


def _seen(name: str, content: bytes, **time: float) -> Observation:
    moment = _ago(**time)
    return Observation(Reference.parse(name), Digest.of(content), moment, moment)


TAGS = [
    CachedTag(_seen("r.example/app:1", b"a", hours=2), "", 1234, PLATFORMS[:1], 31_000_000),
    CachedTag(_seen(LONG, b"b", days=3), "", 9876, PLATFORMS, None),
    CachedTag(evolve(_seen("oci:/x:1", b"c", days=1), is_claimed=True), "", 42, (), 0),
]

CHANGES = tuple(
    PlatformChange(Platform.parse(text), status)
    for text, status in zip(
        PLATFORMS, [Status.ADDED, Status.REMOVED, Status.CHANGED, Status.ADDED], strict=True
    )
)
STATES = [
    State(0, _seen(LONG, b"a", minutes=5), None, CHANGES),
    State(1, _seen(LONG, b"b", days=3), None, None),
]

VIEWS: dict[str, Callable[[Screen], Iterator[str]]] = {
    "ls": lambda screen: View(draft_columns(screen, now=NOW), DRAFTS, screen).lines(),
    "cache-ls": lambda screen: View(tag_columns(screen, now=NOW), TAGS, screen).lines(),
    "history": lambda screen: View(state_columns(screen, now=NOW), STATES, screen).lines(),
}
CASES = [(view, screen) for view in VIEWS for screen in SCREENS]


def golden_file(view: str, screen: str) -> Path:
    return FOLDER / f"{view}.{screen}.txt"


def rendered(view: str, screen: str) -> str:
    lines = "\n".join(VIEWS[view](SCREENS[screen])) + "\n"
    return re.sub("\x1b\\[([0-9;]+)m", lambda found: f"{{{NAMES[found[1]]}}}", lines)


def main() -> None:
    for view, screen in CASES:
        golden_file(view, screen).write_text(rendered(view, screen))


if __name__ == "__main__":
    main()
