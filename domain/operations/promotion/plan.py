"""Plan promotions: survey all sources, and check what is required, before anything is written."""

from collections.abc import Iterator, Sequence
from functools import partial

from manyfest.domain.digests import Digest
from manyfest.domain.expectations import Expectation
from manyfest.domain.images.attachments import Purpose
from manyfest.domain.lists.referrers import AttachedMode
from manyfest.domain.manifests import Manifest
from manyfest.domain.operations.content.copy import CopyPlan, CopyRules, chosen, plan_copy
from manyfest.domain.operations.content.lost_blobs import with_lost_blobs
from manyfest.domain.operations.promotion.inventory import (
    Inventory,
    lacking_purposes,
    name_of,
    take_inventory,
)
from manyfest.domain.operations.promotion.outcomes import Failure, inner_fan_out, on_each
from manyfest.domain.operations.resolve import Resolved, resolve
from manyfest.domain.operations.steps.conditional_put import current_digest
from manyfest.domain.operations.steps.record import record_reads
from manyfest.domain.platforms import Platform
from manyfest.domain.ports import Ports
from manyfest.domain.ports.fan_out import FanOut
from manyfest.domain.ports.registry import Registry
from manyfest.domain.references import Home, Reference
from manyfest.domain.values import frozen


@frozen
class Promotion:
    """One image to promote: from ``source`` to the ``tags`` of ``home``."""

    source: Reference
    home: Home
    tags: tuple[Reference, ...]


@frozen
class PromotionRules:
    """The rules of all promotions: what is ``required`` to be attached, and how to copy.

    The first tag of each has to be as ``expected``. ``with_foreign`` layers, see ``plan_copy``;
    ``with_blobs``, the target is asked for each blob of what it has. With ``platforms``, a list is
    promoted sparse: whole itself, with their images alone.
    """

    required: tuple[Purpose, ...] = ()
    expected: Expectation | None = None
    with_foreign: bool = False
    with_blobs: bool = False
    platforms: tuple[Platform, ...] = ()


@frozen
class TagMove:
    """The move of ``tag`` to ``manifest``, if it still has the digest of ``before``.

    It ``is_guarded`` if the caller said which digest that has to be.
    """

    tag: Reference
    manifest: Manifest
    before: Digest | None
    is_guarded: bool = False


@frozen
class Survey:
    """The source as it was ``found``, and the ``inventory`` of all below it."""

    found: Resolved
    inventory: Inventory


@frozen
class PromotionPlan:
    """The promotion of ``source`` by ``copy`` to ``tags``.

    ``current`` are the digests of the tags before. The first tag may be guarded, see ``TagMove``.
    """

    source: Survey
    copy: CopyPlan
    tags: tuple[Reference, ...] = ()
    current: tuple[Digest | None, ...] = ()
    is_guarded: bool = False

    @property
    def manifest(self) -> Manifest:
        """The manifest that is promoted."""
        return self.source.found.manifest

    @property
    def moves(self) -> tuple[TagMove, ...]:
        """The tags that have another digest."""
        return tuple(
            TagMove(tag, self.manifest, before, self.is_guarded and tag == self.tags[0])
            for tag, before in zip(self.tags, self.current, strict=True)
            if before != self.manifest.digest
        )


@frozen
class Lack:
    """A required ``purpose``: it is attached neither to ``source`` nor to its ``images``.

    An image is named by its platform, or by its digest.
    """

    source: Resolved
    purpose: Purpose
    images: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.source.reference}: no {self.purpose.value} is attached {self._to_what}"

    @property
    def _to_what(self) -> str:
        if not self.source.manifest.is_list:
            return "to it"
        more = f" and {len(self.images) - 3} more" if self.images[3:] else ""
        return f"to the list, nor to {', '.join(self.images[:3])}{more}"


@frozen
class Planned:
    """The ``plans`` of all promotions; none if there are ``failures`` or anything ``lacking``."""

    plans: tuple[PromotionPlan, ...] = ()
    failures: tuple[Failure, ...] = ()
    lacking: tuple[Lack, ...] = ()


def plan_promotions(
    promotions: Sequence[Promotion], rules: PromotionRules, *, ports: Ports
) -> Planned:
    """Survey all sources, check what is required, and plan. Writes nothing to any registry.

    What was read is recorded now, so that nothing is read twice: public registries count pulls.
    Uses the ports registry, contents, layers, fan_out and now. Raises as ``plan_copy``, and, of the
    only promotion, as ``take_inventory``; NoSuchPlatformError; TagMovedError: a first tag is not as
    expected.
    """
    inner = inner_fan_out(promotions, ports.fan_out)
    sources = [promotion.source for promotion in promotions]
    surveys, failures = on_each(
        partial(_survey, rules=rules, registry=ports.registry, fan_out=inner),
        sources,
        sources,
        ports.fan_out,
    )
    if failures:
        return Planned(failures=failures)
    if lacking := tuple(lack for found in surveys for lack in _lacks(found, rules.required)):
        return Planned(lacking=lacking)
    both = zip(promotions, surveys, strict=True)
    return Planned(tuple(_plan(promotion, found, rules, ports) for promotion, found in both))


def _survey(
    source: Reference, rules: PromotionRules, registry: Registry, fan_out: FanOut
) -> Survey:
    found = resolve(source, registry)
    selected = chosen(found, rules.platforms, registry)
    return Survey(found, take_inventory(found, selected, registry, fan_out))


def _lacks(source: Survey, required: Sequence[Purpose]) -> Iterator[Lack]:
    for purpose, images in lacking_purposes(source.inventory, required):
        yield Lack(source.found, purpose, tuple(map(name_of, images)))


def _plan(
    promotion: Promotion, source: Survey, rules: PromotionRules, ports: Ports
) -> PromotionPlan:
    """Check the guard of the first tag, record ``source``, and plan."""
    tags, expected = promotion.tags, rules.expected
    current = ports.fan_out(lambda tag: current_digest(tag, ports.registry), tags)
    if expected is not None:
        expected.check(tags[0], current[0])
    record_reads((source.found, *source.inventory.read), ports=ports)
    root, platforms = source.inventory.root, rules.platforms
    target = Reference(promotion.home, None, root.digest)
    by = CopyRules(platforms, AttachedMode.REQUIRE, rules.with_foreign, is_sparse=bool(platforms))
    planned = plan_copy(root, target, by, ports=ports)
    if rules.with_blobs:
        planned = with_lost_blobs(planned, ports=ports)
    return PromotionPlan(source, planned, tags, tuple(current), expected is not None)
