"""Read published images and lists, one or many, and record them."""

from collections.abc import Sequence
from functools import partial

from manyfest.domain.errors import ManyfestError
from manyfest.domain.operations.resolve import Resolved, resolve
from manyfest.domain.operations.steps.record import record_reads
from manyfest.domain.ports import Ports
from manyfest.domain.ports.registry import ManifestReader
from manyfest.domain.references import Reference


def inspect(reference: Reference, *, ports: Ports) -> Resolved:
    """Read the manifest at ``reference``. Raises what ``get_manifest`` raises.

    Uses the ports registry and contents.
    """
    found = resolve(reference, ports.registry)
    record_reads([found], ports=ports)
    return found


def inspect_each(
    references: Sequence[Reference], *, ports: Ports
) -> tuple[Resolved | ManyfestError, ...]:
    """Read the manifests at ``references`` in parallel; return them, or their errors, in order.

    The error is TooManyBytesError for a manifest that exceeds the limit of all together. Uses the
    ports registry, contents and fan_out.
    """
    # Not needed for a single reference.
    from manyfest.domain.operations.steps.metered_reader import MeteredReader, together

    reader = MeteredReader(ports.registry, together(references))
    answers = ports.fan_out(partial(_resolve_or_error, registry=reader), references)
    record_reads([each for each in answers if isinstance(each, Resolved)], ports=ports)
    return answers


def _resolve_or_error(reference: Reference, registry: ManifestReader) -> Resolved | ManyfestError:
    try:
        return resolve(reference, registry)
    except ManyfestError as error:
        return error
