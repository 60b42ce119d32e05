"""The proof of a promotion, as text and JSON."""

from collections import Counter
from collections.abc import Iterator, Sequence

from manyfest.cli.output import printable
from manyfest.cli.rendering.attached.trust import verify_signatures
from manyfest.cli.rendering.humanize import counted, short_digest
from manyfest.cli.rendering.planned_writes import PlannedWrites, steps_json, writes_of_copy
from manyfest.domain.descriptors import Descriptor
from manyfest.domain.digests import Digest
from manyfest.domain.encoding.strict_json import Json
from manyfest.domain.images.attachments import Attachment, Purpose
from manyfest.domain.operations.promotion.plan import PromotionPlan
from manyfest.domain.operations.promotion.prove_and_move import Proof
from manyfest.domain.operations.publication.plan_push import Tagging
from manyfest.domain.references import Reference, Repository

_OTHER = "other"  # of no kind that anything states


def proof_lines(plan: PromotionPlan, proof: Proof) -> Iterator[str]:
    """Yield the lines of a proof: both sides, the counts, and the tags."""
    digest, inventory = plan.manifest.digest, plan.source.inventory
    yield f"source     {plan.source.found.reference.at(digest)}"
    yield f"target     {plan.copy.target}"
    yield f"manifests  {_equal(len(proof.manifests), len(inventory.manifests))}"
    kinds = Counter(one.kind or _OTHER for one in proof.attached)
    listed = ", ".join(_counted(number, kind) for kind, number in kinds.items())
    named = f": {listed}" if listed else ""
    yield f"attached   {_equal(len(proof.attached), len(inventory.attached))}{printable(named)}"
    if absent := plan.copy.absent:
        count = f"{len(absent)} of {len(plan.manifest.entries)} entries"
        yield f"absent     {count}, as --sparse selects: {printable(_names(absent))}"
    for tag, before in zip(plan.tags, plan.current, strict=True):
        yield f"tag        {tag} ({_before(before, digest)})"


def verification(plan: PromotionPlan, proof: Proof) -> str:
    """Return the command that verifies signatures at the target; empty if there is none."""
    signed = [one for one in proof.attached if Purpose.SIGNATURE in one.purposes]
    root, home = plan.source.inventory.root, plan.copy.target.home
    first = min(signed, key=lambda one: (one.level, one.subject != root), default=None)
    if first is None or not isinstance(home, Repository):
        return ""
    return verify_signatures(Reference(home, None, first.subject.digest), first.kind)


def promotion_json(plan: PromotionPlan, proof: Proof | None) -> dict[str, Json]:
    """Return the record of a promotion; without ``proof``, of one that is only planned."""
    inventory, digest = plan.source.inventory, plan.manifest.digest
    document: dict[str, Json] = {
        "source": str(plan.source.found.reference.at(digest)),
        "target": str(plan.copy.target),
        "digest": str(digest),
        "mediaType": plan.manifest.media_type,
        "tags": [
            {"tag": str(tag), "before": str(before) if before else None}
            for tag, before in zip(plan.tags, plan.current, strict=True)
        ],
        "manifests": [
            {"digest": str(each.digest), "mediaType": each.media_type, "size": each.size}
            for each in inventory.manifests.values()
        ],
        "attached": [_attachment(one) for one in inventory.attached],
        "absent": [str(entry.digest) for entry in plan.copy.absent],
        "foreignLayers": [str(layer.digest) for layer in plan.copy.foreign_layers],
        "signaturesVerified": False,
    }
    if proof is None:
        return document | {"steps": list(steps_json(writes_of_promotion(plan)))}
    proved: dict[str, Json] = {
        "manifests": len(proof.manifests),
        "attached": len(proof.attached),
        "equal": not proof.lacking,
        "verifyWith": verification(plan, proof) or None,
    }
    return document | {"proof": proved}


def writes_of_promotion(plan: PromotionPlan) -> PlannedWrites:
    """Return the writes of a promotion: those of its copy, and then its tags."""
    copied, digest = writes_of_copy(plan.copy), plan.manifest.digest
    current = dict(zip(plan.tags, plan.current, strict=True))
    tags = tuple(Tagging(move.tag, digest, current[move.tag]) for move in plan.moves)
    name = plan.tags[0] if plan.tags else plan.copy.target
    return PlannedWrites(name, digest, copied.blobs, copied.manifests, tags)


def _names(entries: Sequence[Descriptor]) -> str:
    more = f" and {len(entries) - 3} more" if entries[3:] else ""
    return ", ".join(str(entry.platform or entry.digest) for entry in entries[:3]) + more


def _counted(number: int, kind: str) -> str:
    """Return ``2 cosign signatures``, ``2 SBOMs (SPDX)``; a media type has no plural."""
    noun, bracket, rest = kind.partition(" (")
    if "/" in kind or kind == _OTHER:
        return f"{number} {kind}"
    plural = f"{noun[:-1]}ies" if noun.endswith("y") else f"{noun}s"
    return counted(number, kind, f"{plural}{bracket}{rest}")


def _equal(same: int, all_: int) -> str:
    return f"{same} of {all_} equal on both sides" if all_ else "none"


def _before(before: Digest | None, digest: Digest) -> str:
    if before == digest:
        return "unchanged"
    return "new" if before is None else f"was {short_digest(before)}"


def _attachment(one: Attachment) -> dict[str, Json]:
    purposes: Sequence[str] = [purpose.value for purpose in one.purposes]
    return {
        "digest": str(one.digest),
        "subject": str(one.subject.digest),
        "kind": one.kind,
        "purposes": list(purposes),
        "form": one.form.value,
        "tag": one.tag or None,
        "platform": str(one.platform) if one.platform else None,
    }
