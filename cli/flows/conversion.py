"""The flow of ``--convert``: say which digests change."""

from manyfest.cli.output import note, warn
from manyfest.cli.rendering.humanize import counted
from manyfest.domain.drafts.draft_conversion import ConvertedEntry, DraftConversion
from manyfest.domain.lists.conversion import Converted
from manyfest.domain.operations.content.convert_copy import ConvertedCopy

# Nobody can sign for us: who made them has to make them again.
UNSIGNED = (
    "signatures and attestations of the digests before do not match the converted images; "
    "sign these again"
)


def tell_conversion(conversion: DraftConversion) -> None:
    """Note the digests that change; warn of what Docker has no place for, and of signatures."""
    for entry in conversion.entries:
        _tell_entry(entry)
    if conversion.attestations:
        left = counted(conversion.attestations, "attestation")
        warn(f"left out, since a Docker manifest list cannot carry them: {left}")
    if conversion.annotations:
        keys = ", ".join(conversion.annotations)
        warn(f"left out, since a Docker manifest list has no annotations: {keys}")
    if any(each.entry.is_converted for each in conversion.entries):
        warn(UNSIGNED)


def tell_copy(copied: ConvertedCopy) -> None:
    """Note the digests that change in a copy; warn as ``tell_conversion``."""
    for node in copied.nodes:
        if node.manifest is not None:
            _tell_content(str(node.listed.platform or node.source), node.manifest)
    _tell_content(str(copied.plan.source.reference), copied.top)
    warn(UNSIGNED)


def _tell_content(name: str, content: Converted) -> None:
    if content.is_changed:
        note(f"converted {name}: {content.before.digest} is {content.after.digest} now")
    if content.dropped:
        warn(f"{name} loses what Docker has no place for: {', '.join(content.dropped)}")


def _tell_entry(converted_entry: ConvertedEntry) -> None:
    name, content = converted_entry.entry.label, converted_entry.content
    if content is not None:
        _tell_content(name, content)
    if converted_entry.annotations:
        keys = ", ".join(converted_entry.annotations)
        warn(f"{name} loses its annotations, since a Docker manifest list has none: {keys}")
