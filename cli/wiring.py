"""The composition root: the only place where adapters and the store meet the domain's ports."""

from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from datetime import UTC, datetime

from attrs import frozen

from manyfest.adapters.cached import CachedRegistry
from manyfest.adapters.http_registry.budget import Budget
from manyfest.adapters.offline import OfflineRegistry
from manyfest.adapters.routing import RoutingRegistry
from manyfest.cli.parallel import Threads
from manyfest.cli.settings import Settings
from manyfest.domain.operations.each import Each
from manyfest.domain.ports.content_store import ContentStore
from manyfest.domain.ports.draft_book import DraftBook
from manyfest.domain.ports.registry import Registry
from manyfest.store.store import open_store


@frozen
class Session:
    """What one command works with: the ports, the fan-out, and the moment it runs at (UTC)."""

    registry: Registry
    contents: ContentStore
    drafts: DraftBook
    each: Each
    now: datetime
    offline: bool


@contextmanager
def open_session(settings: Settings) -> Iterator[Session]:
    """The ports as ``settings`` wish them; nothing is opened before it is used.

    Leaving it ends every connection; leaving it by an error or Ctrl-C ends them at once.
    """
    budget = Budget(settings.seconds, hard=settings.seconds_are_hard)
    with ExitStack() as stack:
        store = stack.enter_context(closing(open_store(settings.store)))
        registry: Registry
        if settings.offline:
            registry = OfflineRegistry(store.contents)
        else:
            online = _online(settings, budget, stack)
            registry = CachedRegistry(online, store.contents)
        yield Session(
            registry=registry,
            contents=store.contents,
            drafts=store.drafts,
            each=Threads(settings.jobs, budget.cancel),
            now=datetime.now(UTC),
            offline=settings.offline,
        )


def _online(settings: Settings, budget: Budget, stack: ExitStack) -> Registry:
    def http() -> Registry:
        from manyfest.adapters.docker.config import DockerConfig
        from manyfest.adapters.http_registry.client import HttpRegistry

        registry = HttpRegistry(
            budget,
            credentials_for=DockerConfig(settings.docker_config).credentials_for,
            insecure=settings.insecure,
            connections=settings.jobs,
        )
        return stack.enter_context(registry)

    def layouts() -> Registry:
        from manyfest.adapters.oci_layout.layout import LayoutRegistry

        return LayoutRegistry()

    return RoutingRegistry(http, layouts)
