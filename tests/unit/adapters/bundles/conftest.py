"""A store to take bundles into, and bundles from dictionaries of files."""

from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from attrs import frozen

from manyfest.adapters.bundles.open_bundle import open_bundle
from manyfest.domain.events import ignore
from manyfest.domain.operations.content.bundle_images import Naming
from manyfest.domain.operations.content.import_bundle import Imported, ImportOptions, import_bundle
from manyfest.domain.references import Reference, Repository
from manyfest.store.store import SqliteStore, open_store
from tests.support.content import bundles
from tests.support.ports import PlainPorts

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)


@frozen
class Taker:
    """Imports into ``store``, and tells what that holds."""

    store: SqliteStore

    def __call__(
        self,
        path: Path,
        *,
        place: str | None = None,
        name: str | None = None,
        now=NOW,
        on_event=ignore,
        **terms,
    ) -> Imported:
        repository = Reference.parse(f"{place}:x").home if place else None
        assert repository is None or isinstance(repository, Repository)
        unnamed = Reference.parse(name) if name else None
        with open_bundle(path) as bundle:
            return import_bundle(
                bundle,
                ports=PlainPorts(store=self.store, layers=self.store.layers, now=now),
                naming=Naming(repository, unnamed),
                terms=ImportOptions(**terms),
                on_event=on_event,
            )

    def holds_nothing(self) -> bool:
        seen = tuple(self.store.contents.latest()), self.store.drafts.drafts()
        return (*seen, tuple(self.store.layers.digests())) == ((), (), ())

    def digest_of(self, name: str) -> str | None:
        seen = self.store.contents.last_observation(Reference.parse(name))
        return seen and str(seen.digest)


@pytest.fixture
def take(tmp_path: Path) -> Iterator[Taker]:
    with closing(open_store(tmp_path / "store.db")) as store:
        yield Taker(store)


@pytest.fixture
def archived(tmp_path: Path) -> Callable[..., Path]:
    def write(files: bundles.Files | bytes, name: str = "bundle.tar") -> Path:
        data = files if isinstance(files, bytes) else bundles.tar(files)
        path = tmp_path / name
        path.write_bytes(data)
        return path

    return write


@pytest.fixture
def unpacked(tmp_path: Path) -> Callable[..., Path]:
    def write(files: dict[str, bytes]) -> Path:
        for name, data in files.items():
            path = tmp_path / "folder" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        return tmp_path / "folder"

    return write
