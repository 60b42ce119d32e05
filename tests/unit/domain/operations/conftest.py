"""A registry in memory, a store in memory, and operations called as the command line calls them."""

from datetime import datetime, timedelta

import pytest
from attrs import define, evolve, field

from manyfest.adapters.decorators.cached import CachedRegistry
from manyfest.adapters.memory import MemoryRegistry
from manyfest.contracts.images import Image, push_image
from manyfest.domain.drafts.draft import Draft
from manyfest.domain.expectations import Expectation
from manyfest.domain.manifests import Manifest
from manyfest.domain.operations.drafts.create import Created, CreateOptions, DraftMode, create
from manyfest.domain.operations.publication.plan_push import PushPlan
from manyfest.domain.operations.publication.push import execute, finish, pushed_manifests
from manyfest.domain.references import Reference
from tests.support.ports import NOW, PlainPorts
from tests.support.pushes import plan_push
from tests.support.stores.memory_layers import MemoryLayers
from tests.support.stores.memory_store import MemoryStore

LATER = NOW + timedelta(hours=1)

ref = Reference.parse


@define
class World:
    """All that operations are handed, and shorthands for the three steps of the main job."""

    registry: MemoryRegistry = field(factory=MemoryRegistry)
    store: MemoryStore = field(factory=MemoryStore)
    pauses: list[float] = field(factory=list)
    layers: MemoryLayers = field(factory=MemoryLayers)

    def cached(self) -> "World":
        """The same, with the store in front of the registry."""
        cached = CachedRegistry(self.registry, self.store.contents, self.layers)
        return evolve(self, registry=cached)

    def ports(self, **others) -> PlainPorts:
        given = {"registry": self.registry, "store": self.store, "pause": self.pauses.append}
        given["layers"] = self.layers
        return PlainPorts(**given | others)

    def plant(self, name: str, image: Image) -> Image:
        push_image(self.registry, ref(name), image)
        return image

    def create(
        self, name: str, *sources: str, amend: bool = False, now: datetime = NOW, **terms
    ) -> Draft:
        return self.created(name, *sources, amend=amend, now=now, **terms).draft

    def created(
        self,
        name: str,
        *sources: str,
        amend: bool = False,
        now: datetime = NOW,
        meanwhile=(),
        **terms,
    ) -> Created:
        terms.setdefault("start", DraftMode.AMEND if amend else DraftMode.NEW)
        return create(
            ref(name),
            [ref(source) for source in sources],
            CreateOptions(**terms),
            ports=self.ports(now=now),
            meanwhile=meanwhile,
        )

    def plan(self, name: str, *more_tags: str, expected: str | None = None) -> PushPlan:
        return plan_push(
            ref(name),
            [ref(tag) for tag in more_tags],
            ports=self.ports(),
            expected=None if expected is None else Expectation.parse(expected),
        )

    def push(self, name: str, *, purge: bool = False) -> PushPlan:
        plan = self.plan(name)
        self.execute(plan, purge=purge)
        return plan

    def execute(self, plan: PushPlan, *, purge: bool = False) -> None:
        execute([plan], ports=self.ports())
        finish(plan, pushed_manifests(plan), ports=self.ports(), purge=purge)

    def draft(self, name: str) -> Draft | None:
        return self.store.drafts.find(ref(name))

    def served(self, name: str) -> Manifest:
        return self.registry.get_manifest(ref(name))


@pytest.fixture
def world() -> World:
    return World()
