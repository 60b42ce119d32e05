"""The store as pages read it: what is cached, and nothing else.

Every reference is answered from the store, also that of a layout or an archive: a URL can open no
file, and ask no registry. A library is opened for one request, in the thread that answers it.
"""

import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from functools import partial
from itertools import islice, takewhile
from pathlib import Path
from typing import Never

from attr import evolve, field

from manyfest.adapters.decorators.offline import OfflineRegistry
from manyfest.assembly.settings import Settings
from manyfest.cli.wiring import open_housekeeping, open_session
from manyfest.domain.descriptors import Descriptor
from manyfest.domain.errors import (
    DeadlineError,
    QueryError,
    StoreDeniedError,
    StoreError,
    UnreachableError,
)
from manyfest.domain.ports.catalogue import CachedTag, Catalogue
from manyfest.domain.ports.content_store import ContentStore
from manyfest.domain.ports.draft_book import DraftBook
from manyfest.domain.ports.fan_out import FanOut, sequential
from manyfest.domain.ports.layer_store import LayerStore
from manyfest.domain.ports.queries import Queries, Value
from manyfest.domain.ports.registry import Registry
from manyfest.domain.references import Home, Reference
from manyfest.domain.values import frozen

# Seconds that a query may take. What no index answers is left out of the page then, and said so.
QUERY_SECONDS = 1.0
_ROWS = 200
_DIGEST_TAG = "sha256-"

# Returns the first rows of an SQL statement over the views of the store; None if it takes too
# long, or the store takes no queries.
Rows = Callable[[str], Sequence[tuple[Value, ...]] | None]


@frozen
class Library:
    """The ports that views read with (``domain.ports.Ports``), the catalogue, and queries.

    ``free_space`` tells the free bytes beside the store's file; None for one on a server.
    ``left_out`` are other homes that have referrers of what was asked about.
    """

    catalogue: Catalogue
    contents: ContentStore
    layers: LayerStore
    drafts: DraftBook
    registry: Registry
    rows: Rows = field(repr=False)
    free_space: Callable[[], int | None] = field(repr=False)
    left_out: set[Home] = field(factory=set)
    now: datetime = field(factory=lambda: datetime.now(UTC))
    fan_out: FanOut = sequential
    records_reads: bool = False

    @property
    def clock(self) -> Callable[[], datetime]:
        """See the ports."""
        return lambda: self.now

    @property
    def registry_clock(self) -> Callable[[Home], datetime]:
        """See the ports."""
        return lambda _: self.now

    def pause(self, seconds: float) -> Never:
        """Fail: pages ask no registry, so none can ask for a pause."""
        raise AssertionError(seconds)

    def on_unrecorded(self, error: StoreError) -> Never:
        """Fail: pages record nothing, so nothing can fail to be recorded."""
        raise error


def _first_rows(queries: Queries, statement: str) -> Sequence[tuple[Value, ...]] | None:
    """Return the first rows of a query; None if it takes too long, or the store takes none.

    A server may lack the role that queries run under: the rest of a page needs none.
    """
    with suppress(DeadlineError, QueryError, StoreDeniedError), queries.run(statement) as result:
        return tuple(islice(result.rows, _ROWS))
    return None


class StoredRegistry(OfflineRegistry):
    """Answers for homes of every kind from the store.

    Referrers are the cached ones of the home; other homes that have some are added to ``left_out``.
    Tags are digest tags, such as cosign's: what is attached is found by these two.
    """

    def __init__(
        self,
        contents: ContentStore,
        layers: LayerStore,
        catalogue: Catalogue,
        left_out: set[Home],
    ) -> None:
        super().__init__(contents, layers, on_elsewhere=lambda _, homes: left_out.update(homes))
        self._catalogue = catalogue

    def referrers(self, reference: Reference) -> tuple[Descriptor, ...]:
        """Return the cached referrers, perhaps none."""
        with suppress(UnreachableError):
            return super().referrers(reference)
        return ()

    def tags(self, home: Home) -> tuple[str, ...]:
        """Return the tags that begin as digest tags do."""
        listed = (tag.observation.reference.tag or "" for tag in self._tags_behind(home))
        return tuple(takewhile(lambda tag: tag.startswith(_DIGEST_TAG), listed))

    def _tags_behind(self, home: Home) -> Iterator[CachedTag]:
        return self._catalogue.tags_of(str(home), _DIGEST_TAG)


@contextmanager
def open_library(settings: Settings, query_seconds: float = QUERY_SECONDS) -> Iterator[Library]:
    """Open the store that ``settings`` name, to be read in this thread.

    A query may take ``query_seconds``. Raises ConfigError: it is a store of another package.
    """
    offline = evolve(settings, offline=True)
    with (
        open_housekeeping(settings, "explore", query_seconds) as house,
        open_session(offline) as session,
    ):
        rows, left_out = partial(_first_rows, house.queries), set[Home]()
        yield Library(
            catalogue=house.catalogue,
            contents=session.contents,
            layers=session.layers,
            drafts=session.drafts,
            registry=StoredRegistry(session.contents, session.layers, house.catalogue, left_out),
            rows=rows,
            free_space=partial(_free_space, settings.store),
            left_out=left_out,
        )


def _free_space(store: Path | str) -> int | None:
    """Return the free bytes of the disk under ``store``, or of its nearest folder that exists."""
    if not isinstance(store, Path):
        return None
    folder = next((one for one in store.absolute().parents if one.is_dir()), None)
    return shutil.disk_usage(folder).free if folder else None


def literal(text: str) -> str:
    """Return ``text`` as an SQL literal; a NUL, which would end it early, is left out."""
    return "'" + text.replace("\x00", "").replace("'", "''") + "'"


def exactly(text: str) -> str:
    """Return ``text`` as a pattern of the catalogue that matches it to the letter."""
    return "".join(f"[{char}]" if char in "*?[" else char for char in text)
