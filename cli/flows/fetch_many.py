"""The flow of ``cache fetch``: fetches in slices, and records each before the next."""

import json
from collections.abc import Iterable, Iterator, Sequence
from functools import partial

from attr import define, field

from manyfest.assembly.references import resolve_source
from manyfest.cli.arguments.reference_files import references_in
from manyfest.cli.exit_codes import FAILED, ExitError
from manyfest.cli.flows.checks import STAY_BEHIND, note_foreign_layers, warn_of_unverifiable
from manyfest.cli.flows.interruptions import telling_of_partial_layers
from manyfest.cli.output import fail, write_text
from manyfest.cli.rendering.humanize import counted, format_size
from manyfest.cli.rendering.progress import shown_progress
from manyfest.cli.wiring import Session
from manyfest.domain.errors import ManyfestError
from manyfest.domain.events import ReadingPlanned
from manyfest.domain.operations.content.fetch import Fetched, fetch
from manyfest.domain.operations.content.fetch_attached import fetch_attached
from manyfest.domain.operations.content.fetch_slices import (
    SLICE,
    faults_of,
    fetch_slices,
    leave_attached,
)
from manyfest.domain.platforms import Platform
from manyfest.domain.references import Reference


def fetch_all(
    names: Sequence[str],
    file: str | None,
    platforms: Sequence[Platform],
    session: Session,
    *,
    with_layers: bool,
    with_foreign: bool,
    with_attached: bool,
    is_filling: bool,
    as_json: bool,
) -> None:
    """Fetch ``names`` and the references in ``file``; print the failures and a summary.

    ``with_attached`` fetches what is attached to each slice after it.
    ``is_filling`` fills the mirror that the session asks, and verifies what it has then.
    The deadline restarts after each slice in which something was fetched.
    """
    references, failures = _parse_names((*names, *_lines(file)), session)
    summary = _Summary(len(references) + len(failures), failures=failures)
    with shown_progress() as shown, telling_of_partial_layers(shown) as on_event:
        on_event(ReadingPlanned(len(references)))
        session.connect_early(references[:SLICE])
        bring = partial(
            fetch,
            ports=session.filling() if is_filling else session,
            platforms=platforms,
            with_layers=with_layers,
            with_foreign=with_foreign,
            again=is_filling,
            on_event=session.checking_deadline(on_event),
        )
        failed: set[Reference] = set()
        attach = partial(fetch_attached, ports=session) if with_attached else leave_attached
        for fetched in fetch_slices(references, bring, session.restart_deadline, attach):
            summary.count(fetched)
            failed.update(fetched.failures)
            warn_of_unverifiable(fetched.unverifiable)
            note_foreign_layers(fetched.foreign_layers, STAY_BEHIND)
        if is_filling and not platforms:
            for some in session.slices([each for each in references if each not in failed]):
                faults = faults_of(some, ports=session)
                summary.failures += [_failure(str(ref), error) for ref, error in faults]
    for line in (*summary.failures, *summary.not_attached):
        fail(line)
    write_text(summary.as_json() if as_json else summary.text())
    if summary.failures or summary.not_attached:
        raise ExitError(FAILED)


@define
class _Summary:
    """The totals of all slices."""

    references: int
    manifests: int = 0
    layers: int = 0
    layer_bytes: int = 0
    attached: int = 0
    failures: list[str] = field(factory=list)
    not_attached: list[str] = field(factory=list)

    def count(self, fetched: Fetched) -> None:
        self.manifests += len({found.manifest.digest for found in fetched.found})
        self.layers += fetched.layers
        self.layer_bytes += fetched.layer_bytes
        self.failures += [_failure(str(ref), error) for ref, error in fetched.failures.items()]
        self.attached += fetched.attached.manifests
        self.not_attached += map(_not_attached, fetched.attached.failures)

    def text(self) -> str:
        whole = self.references - len(self.failures)
        attached = f", {self.attached} attached" if self.attached else ""
        manifests = counted(self.manifests, "manifest")
        layers = f", {counted(self.layers, 'layer')} ({format_size(self.layer_bytes)})"
        references = counted(self.references, "reference")
        return f"{whole} of {references}, {manifests}{attached}{layers if self.layers else ''}"

    def as_json(self) -> str:
        document = {
            "references": self.references,
            "failed": len(self.failures),
            "manifests": self.manifests,
            "attached": self.attached,
            "layers": self.layers,
            "layerBytes": self.layer_bytes,
        }
        return json.dumps(document)


def _lines(file: str | None) -> Iterator[str]:
    if file:
        with references_in(file) as lines:
            yield from lines


def _parse_names(texts: Iterable[str], session: Session) -> tuple[tuple[Reference, ...], list[str]]:
    """Parse ``texts``, each once; return the references, and a line for each error."""
    references: dict[Reference, None] = {}
    failures: list[str] = []
    for text in dict.fromkeys(texts):
        try:
            references[resolve_source(text, session)] = None
        except ManyfestError as error:
            failures.append(_failure(text, error))
    return tuple(references), failures


def _not_attached(error: ManyfestError) -> str:
    from manyfest.cli.advice.remedies import told

    return f"more may be attached: {told(error)}"


def _failure(name: str, error: ManyfestError) -> str:
    from manyfest.cli.advice.remedies import told_of

    return told_of(name, error)
