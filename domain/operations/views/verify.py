"""Find all that is wrong with a published image or list, in one go."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import TypeVar

from manyfest.domain.descriptors import Descriptor
from manyfest.domain.digests import Digest
from manyfest.domain.errors import ManyfestError, NotCachedError, bare
from manyfest.domain.lists.distributable_blobs import foreign_layers
from manyfest.domain.manifests import Manifest
from manyfest.domain.operations.resolve import Resolved, resolve, with_config
from manyfest.domain.operations.steps.metered_reader import MeteredReader
from manyfest.domain.operations.steps.record import record_reads
from manyfest.domain.operations.steps.tree import is_blob, nested_too_deep, walk
from manyfest.domain.platforms import Platform
from manyfest.domain.ports import Ports
from manyfest.domain.ports.fan_out import FanOut, sequential
from manyfest.domain.ports.registry import ManifestReader, Registry
from manyfest.domain.references import Archive, Layout, Reference
from manyfest.domain.values import frozen
from manyfest.domain.verification.child_rules import REPORTED_ERRORS
from manyfest.domain.verification.evaluation import Evidence, Located, findings_at
from manyfest.domain.verification.expected_platforms import expected_findings
from manyfest.domain.verification.findings import Finding, Severity

_NUMBERS = re.compile(r"\d+|\D+")

_FEW = 16  # images; each is asked about in some five rounds, and one by one in some hundred

_Asked = TypeVar("_Asked")
_Answer = TypeVar("_Answer")
_Manifests = dict[Digest, Manifest | ManyfestError | None]

# An entry with its place in the document of the root; that of the root itself is empty.
_Listed = tuple[str, Descriptor]


@frozen
class Verification:
    """The findings about the image or list at ``root``, in the order of its document.

    ``manifests`` and ``blobs`` count the different ones that were asked for; ``unseen`` counts the
    blobs that only the store was asked for, and that it lacks; ``read`` is all that was read.
    """

    root: Resolved
    findings: tuple[Finding, ...]
    manifests: int
    blobs: int
    unseen: int
    read: tuple[Resolved, ...]

    @property
    def foreign_layers(self) -> tuple[Descriptor, ...]:
        """The layers with ``urls``, which were not asked for."""
        return foreign_layers(found.manifest for found in self.read)

    @property
    def errors(self) -> tuple[Finding, ...]:
        """The findings that break some client."""
        return tuple(each for each in self.findings if each.rule.severity is Severity.ERROR)

    def count(self, severity: Severity) -> int:
        """Return the number of findings of this severity."""
        return sum(found.rule.severity is severity for found in self.findings)


def verify(
    reference: Reference, *, ports: Ports, expected: Sequence[Platform] = ()
) -> Verification:
    """Verify the image or list at ``reference`` and all that it names, and record what is read.

    Manifests and configs are read, and the registry is asked whether everything exists: the store
    knows nothing about that, unless it is all that may be asked; then blobs that it lacks are left
    out. Layers are not read, and those with ``urls`` not asked for. Whatever is missing or unusable
    below ``reference`` is a finding, and so is an ``expected`` platform that it lacks. Uses the
    ports registry, contents, fan_out and now.

    Raises what reading ``reference`` itself raises, whatever keeps the rest from being checked, and
    DocumentError: lists nested too deep; TooManyBytesError.
    """
    verification = _verified(reference, expected, ports.registry, ports.fan_out)
    record_reads(verification.read, ports=ports)
    return verification


def verify_many(
    references: Sequence[Reference], *, ports: Ports, expected: Sequence[Platform] = ()
) -> tuple[Verification | ManyfestError, ...]:
    """Verify these images and lists, as ``verify`` does; an error is an answer, too.

    Of a few, what each names is asked for in parallel; of many, one image beside another.
    """

    def answer(reference: Reference, fan_out: FanOut) -> Verification | ManyfestError:
        try:
            return _verified(reference, expected, ports.registry, fan_out)
        except ManyfestError as error:
            return bare(error)

    if len(references) > _FEW:
        answers = ports.fan_out(partial(answer, fan_out=sequential), references)
    else:
        answers = tuple(answer(reference, ports.fan_out) for reference in references)
    read = [each for found in answers if isinstance(found, Verification) for each in found.read]
    record_reads(read, ports=ports)
    return answers


def _verified(
    reference: Reference, expected: Sequence[Platform], registry: Registry, fan_out: FanOut
) -> Verification:
    reader = MeteredReader(registry, str(reference))
    root = _root(reference, reader)
    manifests, places = _read_all(root, reader, fan_out)
    listed = tuple(digest for digest, found in manifests.items() if found is None)
    answers = _blob_sizes(reference, places, listed, registry, fan_out)
    sizes = {
        digest: size for digest, size in answers.items() if not isinstance(size, NotCachedError)
    }
    images = _images_to_read(reference, places, sizes)
    read_config = partial(_capturing, partial(with_config, blobs=reader))
    read = fan_out(read_config, tuple(images.values()))
    platforms = {
        digest: found.platform if isinstance(found, Resolved) else found
        for digest, found in zip(images, read, strict=True)
    }
    configs = {
        digest: found.config
        for digest, found in zip(images, read, strict=True)
        if isinstance(found, Resolved) and found.config is not None
    }
    evidence = Evidence(manifests, sizes, platforms, configs)
    findings = dict.fromkeys(found for place in places for found in findings_at(place, evidence))
    findings |= dict.fromkeys(expected_findings(root.manifest, platforms, expected))
    return Verification(
        root,
        findings=tuple(sorted(findings, key=_place_in_document)),
        manifests=len(manifests) - len(listed),
        blobs=len(sizes),
        unseen=len(answers) - len(sizes),
        read=(
            root,
            *_manifests_read(root, manifests),
            *(r for r in read if isinstance(r, Resolved)),
        ),
    )


def _root(reference: Reference, registry: ManifestReader) -> Resolved:
    """Read the root; by digest, the store may answer, so the registry is asked if it exists."""
    if reference.digest is not None:
        registry.head_manifest(reference)
    return resolve(reference, registry)


def _read_all(
    root: Resolved, reader: MeteredReader, fan_out: FanOut
) -> tuple[_Manifests, list[Located]]:
    """Read all that is listed, each digest once and at the place where it comes first."""
    places: list[Located] = []
    manifests: _Manifests = {root.manifest.digest: root.manifest}
    look = partial(_capturing, partial(_child, root.reference, reader))

    def expand(level: tuple[_Listed, ...]) -> Iterator[_Listed]:
        reader.announce(entry for _, entry in level)
        unread = {
            entry.digest: entry
            for _, entry in level
            if entry.digest not in manifests and entry.digest.is_verifiable
        }
        looks = fan_out(look, tuple(unread.values()))
        manifests.update(zip(unread, looks, strict=True))
        for path, entry in level:
            manifest = manifests.get(entry.digest)
            if isinstance(manifest, Manifest):
                place = Located(manifest, path, entry) if path else Located(manifest)
                places.append(place)
                yield from place.children

    top = ("", root.manifest.descriptor())
    if walk([top], expand, lambda listed: listed[1].digest):
        raise nested_too_deep(str(root.reference))
    return manifests, places


def _child(root: Reference, registry: ManifestReader, listed: Descriptor) -> Manifest | None:
    """Read a manifest that exists and can be parsed; what it names is parsed here, too.

    None for a blob.
    """
    content = root.at(listed.digest)
    if is_blob(content, listed, registry):
        return None
    if not isinstance(content.home, Layout | Archive):  # of others the store may have it, too
        registry.head_manifest(content)
    manifest = registry.get_manifest(content)
    manifest.entries, manifest.config, manifest.layers  # noqa: B018 -- fails here, at its digest
    return manifest


def _blob_sizes(
    reference: Reference,
    places: Iterable[Located],
    listed: Sequence[Digest],
    registry: Registry,
    fan_out: FanOut,
) -> dict[Digest, int | ManyfestError]:
    """Ask for the blobs of the images at ``places``, and for those that are ``listed``."""
    named = (blob.digest for place in places for _, blob in place.blobs)
    digests = [each for each in dict.fromkeys((*listed, *named)) if each.is_verifiable]
    look = partial(_capturing, registry.head_blob, telling=(*REPORTED_ERRORS, NotCachedError))
    found = fan_out(look, [reference.at(digest) for digest in digests])
    return dict(zip(digests, found, strict=True))


def _images_to_read(
    reference: Reference, places: Iterable[Located], sizes: dict[Digest, int | ManyfestError]
) -> dict[Digest, Resolved]:
    """For each config that exists in the size that is listed, one image that has it."""
    return {
        config.digest: Resolved(reference.at(place.manifest.digest), place.manifest)
        for place in places
        if (config := place.image_config) and sizes.get(config.digest) == config.size
    }


def _capturing(
    look: Callable[[_Asked], _Answer],
    asked: _Asked,
    telling: tuple[type[ManyfestError], ...] = REPORTED_ERRORS,
) -> _Answer | ManyfestError:
    try:
        return look(asked)
    except telling as error:
        return bare(error)


def _manifests_read(root: Resolved, manifests: _Manifests) -> Sequence[Resolved]:
    found = [manifest for manifest in manifests.values() if isinstance(manifest, Manifest)]
    return [Resolved(root.reference.at(manifest.digest), manifest) for manifest in found]


def _place_in_document(finding: Finding) -> list[tuple[int, str]]:
    """A sort key that puts ``manifests[10]`` after ``manifests[9]``."""
    parts = _NUMBERS.findall(finding.path)
    return [(int(part) if part.isdigit() else 0, part) for part in parts]
