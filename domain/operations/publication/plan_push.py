"""Plan the publication of drafts, as values that can be shown before they are executed."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

from attr import evolve

from manyfest.domain.descriptors import Descriptor
from manyfest.domain.digests import Digest
from manyfest.domain.drafts.draft import Draft, ListForm
from manyfest.domain.drafts.list_assembly import ManifestLookup, assemble_for_push, ordered_entries
from manyfest.domain.expectations import Expectation
from manyfest.domain.lists.distributable_blobs import foreign_layers
from manyfest.domain.lists.referrers import AttachedMode
from manyfest.domain.manifests import Manifest
from manyfest.domain.operations.publication.moves import (
    Move,
    copies_of,
    moves_of,
    nodes_below,
    repaired,
    require_unconverted,
    subjects_of,
)
from manyfest.domain.operations.steps.conditional_put import TagDigests
from manyfest.domain.operations.steps.missing_children import (
    Child,
    missing_children,
)
from manyfest.domain.operations.steps.transfer import (
    BlobCopy,
    Copy,
    ManifestCopy,
    blob_copies,
    manifest_copies,
)
from manyfest.domain.operations.steps.tree import Node
from manyfest.domain.ports import Ports
from manyfest.domain.ports.fan_out import FanOut, Item, Remembered, Result
from manyfest.domain.references import Home, Reference
from manyfest.domain.values import frozen

if TYPE_CHECKING:  # loaded where something crosses repositories
    from manyfest.domain.operations.attached.copies import AttachedCopies


@frozen
class Tagging:
    """``target`` is to point to ``digest``; before, it points to ``current``.

    None: to nothing, as far as a HEAD tells; of a tag with an expectation, a GET has confirmed it.
    """

    target: Reference
    digest: Digest
    current: Digest | None


@frozen
class PushPlan:
    """The writes of a push of ``draft``, in this order: blobs, children, tags.

    ``names`` are all references that the list has then: tags, or its digest in each home if it is
    pushed without. ``children`` come before the lists that name them; ``tags`` are in the order of
    ``names``. Tags that point to the list already are left out, with all that only they would need,
    but for children that are missing. Before the tags comes what is ``attached`` to children from
    other homes; None if there are none.
    """

    draft: Draft
    manifest: Manifest
    blobs: tuple[BlobCopy, ...]
    children: tuple[ManifestCopy, ...]
    tags: tuple[Tagging, ...]
    names: tuple[Reference, ...]
    expected: Expectation | None = None
    attached: "AttachedCopies | None" = None

    @property
    def name(self) -> Reference:
        """The first name, which an expectation is about."""
        return self.names[0]

    @property
    def homes(self) -> frozenset[Home]:
        """The repositories in which tags are written."""
        return frozenset(tagging.target.home for tagging in self.tags)

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to write."""
        return not (self.tags or self.children or self.blobs)

    @property
    def foreign_layers(self) -> tuple[Descriptor, ...]:
        """The foreign layers of the ``children`` that do not come along."""
        brought = {blob.target.digest for blob in self.blobs}
        layers = foreign_layers(child.manifest for child in self.children)
        return tuple(layer for layer in layers if layer.digest not in brought)

    @property
    def foreign_entries(self) -> tuple[Reference, ...]:
        """The entries from other homes, by digest in the target, in their order in the list."""
        home = self.name.home
        return tuple(
            Reference(home, None, entry.descriptor.digest)
            for entry in ordered_entries(self.draft)
            if not entry.is_in(home)
        )


@frozen
class Publication:
    """A draft, saved or not, to be published as each of ``targets``, its own name or others.

    With ``is_untagged`` it is put into the homes of these by digest alone. ``expected`` is about
    the first of them.
    """

    draft: Draft
    targets: tuple[Reference, ...]
    expected: Expectation | None = None
    form: ListForm = ListForm.DOCKER
    is_untagged: bool = False

    def names(self, digest: Digest) -> tuple[Reference, ...]:
        """The names of the list of this ``digest``, each once."""
        at_digest = (target.at(digest) for target in self.targets)
        return tuple(dict.fromkeys(at_digest)) if self.is_untagged else self.targets


def looked_at_first(publication: Publication) -> tuple[Reference, ...]:
    """Return the tags and children that ``plan_publications`` looks at first, all in parallel."""
    own = (child.reference for child in _own_children(publication))
    return tuple(dict.fromkeys((*publication.targets, *own)))


def plan_publications(
    publications: Sequence[Publication],
    cached: ManifestLookup,
    *,
    ports: Ports,
    tag_digests: TagDigests | None = None,
    attached: AttachedMode = AttachedMode.TRY,
    with_foreign: bool = False,
) -> tuple[PushPlan, ...]:
    """Plan all ``publications`` together.

    Reads the children from other homes and the digests of the tags, but for those that
    ``tag_digests`` knows already; writes nothing. ``cached`` finds manifests that need not be read:
    lists that are published unchanged, and images. A child that a plan does not put must be in its
    home, in parallel one HEAD each; a missing one is put again from where it came, or from the
    store. What is ``attached`` to children from other homes comes along. Layers with ``urls`` are
    copied ``with_foreign`` alone.

    Uses the ports registry, contents, layers and fan_out. Raises ListError: a draft cannot be a
    list yet; InputError: attached content is required, and an image converted; TagMovedError: the
    tag of a draft has another digest than expected; PartMissingError: a child is missing, and
    nowhere to be had; as reading.
    """
    if attached is AttachedMode.REQUIRE:
        require_unconverted(each.draft for each in publications)
    lists = [assemble_for_push(each.draft, cached, each.form) for each in publications]
    named = [each.names(made.digest) for each, made in zip(publications, lists, strict=True)]
    targets = [name for names in named for name in names]
    tags = tag_digests or TagDigests(ports.registry)
    guarded = {each.targets[0] for each in publications if each.expected is not None}

    def digest_of(target: Reference) -> Digest | None:
        return tags.confirmed_at(target) if target in guarded else tags.at(target)

    looks = [partial(digest_of, target) for target in dict.fromkeys(targets)]
    own = [child for each in publications for child in _own_children(each)]
    missing = missing_children(own, ports=ports, meanwhile=looks)
    current = _map_distinct(targets, digest_of, ports.fan_out)
    bare = [_without_children(*both, current) for both in zip(publications, lists, strict=True)]
    moves = tuple(dict.fromkeys(move for plan in bare for move in _moves(plan)))
    reads = Remembered(partial(copies_of, registry=ports.registry, cached=cached), moves)
    if moves:
        bare = _with_attached(bare, moves, reads, attached, ports, with_foreign=with_foreign)
    copies = dict(zip(moves, reads.results, strict=True))
    pairs = zip(publications, bare, strict=True)
    others = [child for each, plan in pairs for child in _unmoved(each, plan, copies)]
    missing += missing_children(others, ports=ports)
    return tuple(
        _with_children(
            plan,
            copies,
            [child for child in missing if child.parent in each.targets],
            ports,
            with_foreign=with_foreign,
        )
        for each, plan in zip(publications, bare, strict=True)
    )


def _map_distinct(
    items: Iterable[Item], function: Callable[[Item], Result], fan_out: FanOut
) -> dict[Item, Result]:
    distinct = tuple(dict.fromkeys(items))
    return dict(zip(distinct, fan_out(function, distinct), strict=True))


def _without_children(
    publication: Publication, manifest: Manifest, current: Mapping[Reference, Digest | None]
) -> PushPlan:
    expected, names = publication.expected, publication.names(manifest.digest)
    if expected is not None:
        expected.check(names[0], current[names[0]])
    tags = tuple(
        Tagging(name, manifest.digest, current[name])
        for name in names
        if current[name] != manifest.digest
    )
    return PushPlan(publication.draft, manifest, (), (), tags, names, expected)


def _moves(plan: PushPlan) -> tuple[Move, ...]:
    return moves_of(plan.draft, tuple(dict.fromkeys(tag.target.home for tag in plan.tags)))


def _with_attached(
    plans: Sequence[PushPlan],
    moves: Sequence[Move],
    reads: "Remembered[Move, tuple[Copy, ...]]",
    mode: AttachedMode,
    ports: Ports,
    *,
    with_foreign: bool,
) -> list[PushPlan]:
    """Make the ``reads``, and plan to bring along what is attached."""
    from manyfest.domain.operations.attached.pushes import Crossing, plan_crossings

    def all_below() -> tuple[tuple[Node, ...], ...]:
        copies = dict(zip(moves, reads.results, strict=True))
        return tuple(nodes_below(_moves(plan), copies) for plan in plans)

    crossings = [
        Crossing(subjects_of(moves, plan.manifest.digest), tuple(home for _, home in moves))
        for plan, moves in ((plan, _moves(plan)) for plan in plans)
    ]
    found = plan_crossings(
        crossings,
        mode,
        ports=ports,
        with_foreign=with_foreign,
        meanwhile=reads.calls,
        nodes_below=all_below,
    )
    return [evolve(plan, attached=each) for plan, each in zip(plans, found, strict=True)]


def _own_children(publication: Publication) -> Iterator[Child]:
    """The entries that came from a home that they are published in."""
    for target in publication.targets:
        for entry in publication.draft.entries:
            if entry.is_in(target.home):
                yield Child(entry.descriptor, target, target.home)


def _unmoved(
    publication: Publication, plan: PushPlan, copies: Mapping[Move, tuple[Copy, ...]]
) -> Iterator[Child]:
    """The entries from other homes that nothing is copied of: no tag is written, or they are gone.

    What its own home has lost may still be in the target.
    """
    for target in publication.targets:
        for entry in plan.draft.entries:
            if not entry.is_in(target.home) and not copies.get((entry, target.home)):
                yield Child(entry.descriptor, target, entry.source.home)


def _with_children(
    plan: PushPlan,
    copies: Mapping[Move, tuple[Copy, ...]],
    missing: Sequence[Child],
    ports: Ports,
    *,
    with_foreign: bool,
) -> PushPlan:
    found = [copy for move in _moves(plan) for copy in copies[move]]
    moved = {copy.target for copy in found}
    lacking = [child for child in missing if child.reference not in moved]
    found += repaired(plan.draft, lacking, ports)
    blobs = blob_copies(found, with_foreign=with_foreign)
    return evolve(plan, children=manifest_copies(found), blobs=blobs)
