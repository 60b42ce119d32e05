"""The flow of ``inspect --platform`` and ``inspect --config``: reads one image of a list."""

import sys

from manyfest.cli.output import note, write_bytes, write_document
from manyfest.cli.wiring import Session
from manyfest.domain.lists.platform_selection import parse_filter
from manyfest.domain.operations.resolve import Resolved, resolve
from manyfest.domain.operations.views.details import Detail, details
from manyfest.domain.operations.views.image import draft_image, inspect_config, inspect_image
from manyfest.domain.references import Reference


def read_image(
    name: Reference, platform: str | None, session: Session, *, remote: bool
) -> Resolved:
    """Read the image for ``platform``, or the only one, of a draft that shadows or of a list."""
    wanted = None if platform is None else parse_filter(platform)
    draft = None if remote else session.drafts.find(name)
    if draft is not None and draft.shadows_remote:
        note(f"this is the draft {name}, not the published list (--remote shows that)")
        return draft_image(draft, wanted, ports=session)
    return inspect_image(resolve(name, session.registry), wanted, ports=session)


def detail_of(image: Resolved, session: Session) -> Detail:
    """Return docker's details of one image."""
    (detail,) = details(image, ports=session).present
    return detail


def write_config(image: Resolved, session: Session) -> None:
    """Write the config: its exact bytes, but a line with controls escaped on a terminal."""
    config = inspect_config(image, ports=session)
    if sys.stdout is not None and sys.stdout.isatty():
        write_document(config.decode("utf-8", "replace"))
    else:
        write_bytes(config)
