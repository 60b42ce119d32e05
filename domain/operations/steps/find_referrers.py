"""Find the referrers of manifests, and theirs in turn: signatures, SBOMs, their signatures."""

from collections.abc import Sequence
from functools import partial

from attrs import frozen

from manyfest.domain.errors import DocumentError
from manyfest.domain.ports.fan_out import FanOut
from manyfest.domain.ports.registry import ReferrerReader
from manyfest.domain.references import Home, Reference

# A signature of an SBOM of an image is two levels; deeper nesting is a trap.
_DEPTH_LIMIT = 8


@frozen
class Referrer:
    """A manifest at ``source``, by digest; ``is_listed``: the target lists it as a referrer."""

    source: Reference
    media_type: str
    is_listed: bool


def all_referrers(
    subjects: Sequence[Reference], target: Home, registry: ReferrerReader, fan_out: FanOut
) -> tuple[Referrer, ...]:
    """Find the referrers of ``subjects``, and theirs in turn, each once.

    Raises what ``referrers`` raises; DocumentError: referrers nested too deep.
    """
    known, newest = set(subjects), tuple(subjects)
    found: list[Referrer] = []
    for _ in range(_DEPTH_LIMIT):
        groups = fan_out(partial(_referrers, target=target, registry=registry), newest)
        fresh = {one.source: one for group in groups for one in group if one.source not in known}
        if not fresh:
            return tuple(found)
        found += fresh.values()
        newest = tuple(fresh)
        known |= set(fresh)
    raise DocumentError(str(newest[0]), f"refers to a referrer deeper than {_DEPTH_LIMIT}")


def _referrers(subject: Reference, target: Home, registry: ReferrerReader) -> tuple[Referrer, ...]:
    """The referrers of ``subject``; the target is asked only if the source has some."""
    here = registry.referrers(subject)
    there = registry.referrers(Reference(target, None, subject.digest)) if here else ()
    listed = {entry.digest for entry in there}
    return tuple(
        Referrer(subject.at(entry.digest), entry.media_type, entry.digest in listed)
        for entry in here
    )
