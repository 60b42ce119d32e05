"""Find a statement about one image: its SBOM, or its provenance, and record what was read.

The store keeps statements of up to 16 MiB as small blobs, and larger ones as layers, in files.
"""

from collections.abc import Callable, Sequence

from manyfest.domain.errors import InputError, ManyfestError, StatementUnknownError, StoreError
from manyfest.domain.lists.attestations import attested_digest
from manyfest.domain.operations.resolve import Resolved
from manyfest.domain.operations.steps.record import record_reads
from manyfest.domain.operations.steps.select_image import locate_image
from manyfest.domain.operations.views.search_statements import Carried, StatementSearch, Wanted
from manyfest.domain.platforms import Platform
from manyfest.domain.ports import Ports
from manyfest.domain.ports.registry import open_bytes
from manyfest.domain.references import Reference
from manyfest.domain.values import frozen

# A search, made as far as its caller wants.
_Answer = Callable[[StatementSearch], tuple[Carried, ...]]

_SMALL = 16 * 1024 * 1024  # bytes; SBOMs of large distributions have 10 MB


@frozen
class Statements:
    """The statement ``chosen``, a signed one if there is one, and the ``others``.

    With ``failures``, more may be attached.
    """

    chosen: Carried
    others: tuple[Carried, ...] = ()
    failures: tuple[ManyfestError, ...] = ()


def find_statements(
    found: Resolved, platform: Platform | None, wanted: Wanted, *, ports: Ports
) -> Statements:
    """Return the statements about the image for ``platform`` in ``found``, or about the only one.

    A list of several images, and no platform, answers with what is attached to the list itself.
    Every form is asked: a signed statement goes before the builder's own. Records what it reads.
    Uses the ports registry, contents and layers. Raises what reading raises; StatementUnknownError;
    StatementMismatchError; DocumentError: none can be read; InputError: there are several images.
    """
    searched = _searched(found, platform, wanted, StatementSearch.all, ports)
    _record(found, [searched], ports)
    chosen, *others = _required(found, searched, ports)
    return Statements(chosen, tuple(others), tuple(searched.search.failures))


def statements_by_platform(
    found: Resolved, platforms: Sequence[Platform | None], wanted: Wanted, *, ports: Ports
) -> tuple[tuple[Carried, ...], ...]:
    """Return the statements about the image for each of ``platforms``, none where there is none.

    They are of the first form that has one. They are read in parallel, and recorded together by the
    calling thread. Uses the ports registry, contents, layers and fan_out. Otherwise as
    ``find_statements``.
    """
    first = StatementSearch.first
    searches = ports.fan_out(lambda each: _searched(found, each, wanted, first, ports), platforms)
    _record(found, searches, ports)
    return tuple(_required_or_none(found, searched, ports) for searched in searches)


@frozen
class _Searched:
    """A search that was made for ``platform``, and the statements that it found."""

    platform: Platform | None
    search: StatementSearch
    carried: tuple[Carried, ...]


def _searched(
    found: Resolved, platform: Platform | None, wanted: Wanted, answer: _Answer, ports: Ports
) -> _Searched:
    search = StatementSearch(found, _subject(found, platform, ports), wanted, ports.registry)
    return _Searched(platform, search, answer(search))


def _required(found: Resolved, searched: _Searched, ports: Ports) -> tuple[Carried, ...]:
    """Return the statements, or raise why there are none."""
    search = searched.search
    if searched.carried:
        return searched.carried
    if search.refused:
        raise search.refused[0]
    if searched.platform is None and found.manifest.is_list:
        locate_image(found, None, ports.registry)  # raises if there are several
    raise StatementUnknownError(str(search.image), search.wanted.name, _hint(found, search.image))


def _required_or_none(found: Resolved, searched: _Searched, ports: Ports) -> tuple[Carried, ...]:
    try:
        return _required(found, searched, ports)
    except StatementUnknownError:
        return ()


def _subject(found: Resolved, platform: Platform | None, ports: Ports) -> Reference:
    try:
        return locate_image(found, platform, ports.registry)
    except InputError:
        if platform is not None:
            raise
        return found.reference.at(found.manifest.digest)


def _hint(found: Resolved, image: Reference) -> str:
    """Say which platforms of the list have attestations, if that of ``image`` has none."""
    attested = {attested_digest(entry) for entry in found.manifest.entries} - {None}
    named = [
        str(entry.platform)
        for entry in found.manifest.entries
        if str(entry.digest) in attested and entry.platform and entry.digest != image.digest
    ]
    return f"; there are attestations for {', '.join(named)}" if named else ""


def _record(top: Resolved, searches: Sequence[_Searched], ports: Ports) -> None:
    """Record the manifests and statements; the large ones among the layers, as files."""
    if not ports.records_reads:
        return
    found = [top, *(read for each in searches for read in each.search.read)]
    carried = [one for each in searches for one in each.carried]
    manifests = {each.reference: each.manifest for each in found}
    small = [each for each in carried if len(each.data) <= _SMALL]
    with_data = [Resolved(each.manifest, manifests[each.manifest], each.data) for each in small]
    try:
        for each in carried:
            if each not in small and ports.layers.size(each.blob.digest) is None:
                with open_bytes(each.data) as chunks:
                    ports.layers.write(each.blob.digest, len(each.data), chunks)
    except StoreError as error:
        ports.on_unrecorded(error)
    else:
        record_reads([*found, *with_data], ports=ports)
