"""The damage that ``cache fsck`` found."""

import json
from collections.abc import Iterator

from manyfest.cli.output import printable
from manyfest.cli.rendering.humanize import counted
from manyfest.domain.encoding.strict_json import Json
from manyfest.domain.operations.store.check_store import StoreCheck
from manyfest.domain.ports.integrity import ContentKind

_NAMES = {
    ContentKind.MANIFEST: "manifest",
    ContentKind.CONFIG: "config",
    ContentKind.LAYER: "layer",
    ContentKind.STATE: "tag state",
    ContentKind.DRAFT: "draft",
}


def checked_lines(
    checked: StoreCheck, forgotten: tuple[str, ...], *, is_aside: bool
) -> Iterator[str]:
    """Yield a line a damaged object, a line a tag that lost states, and a summary."""
    for damage in checked.damaged:
        yield printable(f"damaged {damage.kind.value} {damage.name}: {damage.reason}")
    yield from (printable(f"forgotten tag {name}") for name in forgotten)
    looked = ", ".join(counted(checked.numbers.get(kind, 0), name) for kind, name in _NAMES.items())
    yield f"{_result(checked, is_aside=is_aside)} (looked at {looked})"


def checked_json(checked: StoreCheck, forgotten: tuple[str, ...], *, is_aside: bool) -> str:
    """Return an object; ``forgotten`` are tags that lost states with their manifests."""
    document: dict[str, Json] = {
        "checked": {kind.value: checked.numbers.get(kind, 0) for kind in _NAMES},
        "damaged": [
            {"kind": damage.kind.value, "name": damage.name, "reason": damage.reason}
            for damage in checked.damaged
        ],
        "forgotten": list(forgotten),
        "setAside": is_aside,
    }
    return json.dumps(document, indent=2, ensure_ascii=False)


def _result(checked: StoreCheck, *, is_aside: bool) -> str:
    if not checked.damaged:
        return "no damage"
    return f"{len(checked.damaged)} damaged{', quarantined' if is_aside else ''}"
