"""Views as they look on terminals: one golden file for each view and width.

``python -m tests.golden.views.generate`` writes them anew. Colours are written as ``{strong}…{}``.
"""

import re
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

from attrs import evolve

from manyfest.cli import output
from manyfest.cli.output import PLAIN, Screen
from manyfest.cli.rendering.cache.catalogue import tag_columns
from manyfest.cli.rendering.drafts_table import draft_columns
from manyfest.cli.rendering.history import state_columns
from manyfest.cli.rendering.show.image_text import image_lines
from manyfest.cli.rendering.show.list_tree import ViewForm, list_lines
from manyfest.cli.rendering.table import View
from manyfest.cli.rendering.tags_table import tag_columns as listed_columns
from manyfest.contracts.images import artifact, docker_image, oci_index, push_image
from manyfest.domain.comparison.status import Status
from manyfest.domain.digests import Digest
from manyfest.domain.history.observation import Observation
from manyfest.domain.operations.views.history import PlatformChange, State
from manyfest.domain.operations.views.overview import Extent, Overview
from manyfest.domain.operations.views.show import show, show_draft
from manyfest.domain.operations.views.tags import TagDetails
from manyfest.domain.platforms import Platform
from manyfest.domain.ports.catalogue import CachedTag
from manyfest.domain.references import Reference
from tests.golden.generate import NOW, draft, entry
from tests.golden.views.attached import ATTACHED
from tests.golden.views.reports import LONG, auth_lines, diff_lines, stats_lines, verify_lines
from tests.golden.views.transfers import progress_lines, push_lines
from tests.support.content.described import built_image, built_index
from tests.support.ports import PlainPorts

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

LISTED = [
    TagDetails("1.4", Digest.of(b"1"), "OCI index", PLATFORMS, _ago(days=20)),
    TagDetails("release-2026.11.29-rc.1-build.48213", Digest.of(b"2"), "image", PLATFORMS[:1]),
    TagDetails("chart", Digest.of(b"3"), "Helm chart", (), _ago(days=800), 12_345),
    TagDetails("broken", fault="no such manifest: r.example/app:broken"),
    TagDetails("unread", Digest.of(b"4")),
]


LONG_FORM = Extent(is_long=True)


def _shown(name: str, extent: Extent = LONG_FORM) -> Overview:
    """The view of a registry in memory with a list, an image, a chart and a nested list."""
    ports = PlainPorts()
    app = built_index(*PLATFORMS, annotations={"org.opencontainers.image.title": "App" * 40})
    planted = {
        LONG: app,
        "r.example/app:nested": oci_index(app, docker_image("linux/s390x")),
        "r.example/app:image": built_image(annotations={"a": "b"}),
        "r.example/app:chart": artifact(
            "application/vnd.cncf.helm.config.v1+json", b'{"name": "web", "version": "1.2.3"}'
        ),
    }
    for place, image in planted.items():
        push_image(ports.registry, Reference.parse(place), image)
    return show(Reference.parse(name), extent, ports=ports)


def _show_lines(view: Overview, screen: Screen, **form: bool) -> Iterator[str]:
    chosen = ViewForm(screen, NOW, **form)
    if view.configuration is None:
        return list_lines(view, chosen)
    return image_lines(view, view.configuration, chosen)


def _draft_lines(screen: Screen) -> Iterator[str]:
    return _show_lines(show_draft(DRAFTS[1], Extent(), ports=PlainPorts()), screen)


SHOWN: dict[str, Callable[[Screen], Iterator[str]]] = {
    "show": lambda screen: _show_lines(_shown(LONG), screen),
    "show-unread": lambda screen: _show_lines(_shown(LONG, Extent()), screen),
    "show-all": lambda screen: _show_lines(
        _shown("r.example/app:nested"), screen, has_annotations=True, has_layers=True
    ),
    "show-image": lambda screen: _show_lines(
        _shown("r.example/app:image"), screen, has_annotations=True, has_layers=True
    ),
    "show-chart": lambda screen: _show_lines(_shown("r.example/app:chart"), screen),
    "show-draft": _draft_lines,
}

VIEWS: dict[str, Callable[[Screen], Iterator[str]]] = {
    "ls": lambda screen: View(draft_columns(screen, now=NOW), DRAFTS, screen).lines(),
    "cache-ls": lambda screen: View(tag_columns(screen, now=NOW), TAGS, screen).lines(),
    "history": lambda screen: View(state_columns(screen, now=NOW), STATES, screen).lines(),
    "tags": lambda screen: View(listed_columns(screen, NOW), LISTED, screen).lines(),
    "diff": diff_lines,
    "verify": verify_lines,
    "auth-why": auth_lines,
    "cache-stats": stats_lines,
    "push-dry-run": partial(push_lines, is_verbose=False),
    "push-dry-run-verbose": partial(push_lines, is_verbose=True),
    "progress": progress_lines,
    **SHOWN,
    **ATTACHED,
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
