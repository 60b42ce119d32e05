"""Seeding registries."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from attrs import frozen

from manyfest.adapters.deadline import Deadline
from manyfest.adapters.http_registry.registry import HttpRegistry
from manyfest.contracts.images import Image
from manyfest.domain.references import Reference
from tests.support.programs.registry_files import seed_image

_SOCKETLESS = Path(__file__).parents[1] / "support" / "programs" / "socketless"


@frozen
class Seed:
    """Puts images where a test wants them."""

    registry: HttpRegistry
    monkeypatch: pytest.MonkeyPatch

    def __call__(self, name: str, image: Image) -> str:
        """Push ``image`` as ``name``; gives the name."""
        seed_image(self.registry, Reference.parse(name), image)
        return name

    def forbid_network(self) -> None:
        """From now on, programs that open an internet socket die of it."""
        self.monkeypatch.setenv("PYTHONPATH", str(_SOCKETLESS))


@pytest.fixture
def seed(monkeypatch: pytest.MonkeyPatch) -> Iterator[Seed]:
    with closing(HttpRegistry(Deadline(60))) as registry:
        yield Seed(registry, monkeypatch)
