"""Plan to bring along what is attached to the images and lists that are published elsewhere."""

from collections.abc import Callable, Iterable, Sequence
from itertools import chain

from attr import evolve

from manyfest.domain.lists.referrers import AttachedMode
from manyfest.domain.operations.attached.copies import (
    AttachedCopies,
    look_for_attached,
    plan_attached,
    together,
)
from manyfest.domain.operations.attached.find import Found, may_be_subject
from manyfest.domain.operations.steps.tree import Node
from manyfest.domain.ports import Ports
from manyfest.domain.references import Home, Reference
from manyfest.domain.values import frozen


@frozen
class Crossing:
    """The ``nodes`` that one list brings to other ``homes`` than their own, which may recur."""

    nodes: tuple[Node, ...]
    homes: tuple[Home, ...]


def plan_crossings(
    crossings: Sequence[Crossing],
    mode: AttachedMode,
    *,
    ports: Ports,
    with_foreign: bool,
    meanwhile: Sequence[Callable[[], object]],
    nodes_below: Callable[[], Sequence[Sequence[Node]]],
) -> tuple[AttachedCopies, ...]:
    """Plan what comes along with each of ``crossings``; all are looked at together.

    The calls in ``meanwhile``, which read what is brought, are made in parallel. After them
    ``nodes_below`` tells all manifests of each crossing, those in nested lists, too. Uses the ports
    registry and fan_out. Raises as ``look_for_attached`` and ``plan_attached``.
    """
    asked = _distinct(chain.from_iterable(crossing.nodes for crossing in crossings))
    found = look_for_attached(tuple(asked.values()), mode, ports=ports, meanwhile=meanwhile)
    below = nodes_below()
    nested = _distinct(chain.from_iterable(below))
    if others := tuple(node for place, node in nested.items() if place not in asked):
        more = look_for_attached(others, mode, ports=ports)
        found = Found(
            (*found.attachments, *more.attachments), failures=(*found.failures, *more.failures)
        )
    planned = []
    for crossing, nodes in zip(crossings, below, strict=True):
        places = {node.source for node in (*crossing.nodes, *nodes)}
        homes = [
            plan_attached(
                _about(found, places, home), home, mode, ports=ports, with_foreign=with_foreign
            )
            for home in dict.fromkeys(crossing.homes)
        ]
        planned.append(together(homes))
        found = evolve(found, failures=())  # which are told once
    return tuple(planned)


def _distinct(nodes: Iterable[Node]) -> dict[Reference, Node]:
    """Return the nodes that may be subjects, each once, by place."""
    found: dict[Reference, Node] = {}
    for node in filter(may_be_subject, nodes):
        found.setdefault(node.source, node)
    return found


def _about(found: Found, places: set[Reference], target: Home) -> Found:
    """Return what is attached to ``places``, and to that in turn, and is not in ``target``."""
    subjects = set(places)
    kept = []
    for one in found.attachments:
        if one.subject in subjects and one.place.home != target:
            kept.append(one)
            subjects |= {one.place.at(one.digest)} if one.digest else set()
    return Found(tuple(kept), failures=found.failures)
