"""A registry in memory, a store in memory, and operations called as the command line calls them."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from attrs import define, field

from manyfest.adapters.memory import MemoryRegistry
from manyfest.domain.drafts import Draft
from manyfest.domain.manifests import Manifest
from manyfest.domain.operations.create import create
from manyfest.domain.operations.each import one_by_one
from manyfest.domain.operations.push import PushPlan, plan_push, push
from manyfest.domain.references import Reference
from tests.fakes.images import Image, push_image
from tests.fakes.memory_store import MemoryStore

NOW = datetime(2026, 1, 1, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)

ref = Reference.parse


@define
class World:
    """All that operations are handed, and shorthands for the three steps of the main job."""

    registry: MemoryRegistry = field(factory=MemoryRegistry)
    store: MemoryStore = field(factory=MemoryStore)

    def plant(self, name: str, image: Image) -> Image:
        push_image(self.registry, ref(name), image)
        return image

    def create(self, name: str, *sources: str, amend: bool = False, now: datetime = NOW) -> Draft:
        return create(
            ref(name),
            [ref(source) for source in sources],
            registry=self.registry,
            contents=self.store.contents,
            drafts=self.store.drafts,
            each=one_by_one,
            now=now,
            amend=amend,
        )

    def plan(self, name: str) -> PushPlan:
        return plan_push(
            ref(name), registry=self.registry, drafts=self.store.drafts, each=one_by_one
        )

    def push(self, name: str, *, purge: bool = False) -> PushPlan:
        plan = self.plan(name)
        self.carry_out(plan, purge=purge)
        return plan

    @property
    def carry_out(self) -> Callable[..., None]:
        return partial(
            push,
            registry=self.registry,
            contents=self.store.contents,
            drafts=self.store.drafts,
            each=one_by_one,
            now=NOW,
        )

    def draft(self, name: str) -> Draft | None:
        return self.store.drafts.find(ref(name))

    def served(self, name: str) -> Manifest:
        return self.registry.get_manifest(ref(name))


@pytest.fixture
def world() -> World:
    return World()
