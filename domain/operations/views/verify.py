"""Find all that is wrong with a published image or list, in one go."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import TypeVar

from manyfest.domain.descriptors import Descriptor
from manyfest.domain.digests import Digest
from manyfest.domain.errors import ManyfestError, NotCachedError, bare
from manyfest.domain.image_configs import platform_of_config
from manyfest.domain.operations.resolve import Resolved, read_config_at, resolve
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
from manyfest.domain.verification.evaluation import (
    Evidence,
    Examined,
    Located,
    examine,
    findings_at,
)
from manyfest.domain.verification.expected_platforms import expected_findings
from manyfest.domain.verification.findings import Finding, Severity

_NUMBERS = re.compile(r"\d+|\D+")

_FEW = 16  # images; each is asked about in some five rounds, and one by one in some hundred

_Asked = TypeVar("_Asked")
_Answer = TypeVar("_Answer")
_Manifests = dict[Digest, Examined | ManyfestError | None]

# An entry with its place in the document of the root; that of the root itself is empty.
_Listed = tuple[str, Descriptor]


@frozen
class Verification:
    """The findings about the image or list at ``root``, in the order of its document.

    ``manifests`` and ``blobs`` count the different ones that were asked for; ``unseen`` counts the
    blobs that only the store was asked for, and that it lacks. ``read`` is all that was read and
    held; ``foreign_layers`` are those with ``urls``, which were not asked for.
    """

    root: Resolved
    findings: tuple[Finding, ...]
    manifests: int
    blobs: int
    unseen: int
    foreign_layers: tuple[Descriptor, ...]
    read: tuple[Resolved, ...]

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
    reading = _Reading(root, reader)
    places = reading.read_all(fan_out)
    manifests = reading.manifests
    listed = tuple(digest for digest, found in manifests.items() if found is None)
    answers = _blob_sizes(reference, places, listed, registry, fan_out)
    sizes = {
        digest: size for digest, size in answers.items() if not isinstance(size, NotCachedError)
    }
    images = _images_to_read(places, sizes)
    read_config = partial(_capturing, reading.read_config)
    read = dict(zip(images, fan_out(read_config, tuple(images.values())), strict=True))
    configs = {digest: found for digest, found in read.items() if isinstance(found, bytes)}
    platforms = {
        digest: platform_of_config(found, "config") if isinstance(found, bytes) else found
        for digest, found in read.items()
    }
    evidence = Evidence(manifests, sizes, platforms, configs)
    findings = dict.fromkeys(found for place in places for found in findings_at(place, evidence))
    findings |= dict.fromkeys(expected_findings(root.manifest, platforms, expected))
    foreign = {layer.digest: layer for place in places for layer in place.examined.foreign}
    return Verification(
        root,
        findings=tuple(sorted(findings, key=_place_in_document)),
        manifests=len(manifests) - len(listed),
        blobs=len(sizes),
        unseen=len(answers) - len(sizes),
        foreign_layers=tuple(foreign.values()),
        read=(root, *reading.held(images, configs)),
    )


def _root(reference: Reference, registry: ManifestReader) -> Resolved:
    """Read the root; by digest, the store may answer, so the registry is asked if it exists."""
    if reference.digest is not None:
        registry.head_manifest(reference)
    return resolve(reference, registry)


class _Reading:
    """Reads what a root lists, and examines it; ``manifests`` has each digest once."""

    def __init__(self, root: Resolved, reader: MeteredReader) -> None:
        self._root = root
        self._reader = reader
        self._held = {root.manifest.digest: root.manifest}
        examined = examine(root.manifest.without_views())  # 40,000 entries need not stay parsed
        self.manifests: _Manifests = {root.manifest.digest: examined}

    def read_all(self, fan_out: FanOut) -> list[Located]:
        """Read all that is listed, and return each manifest at the place where it comes first."""
        places: list[Located] = []
        look = partial(_capturing, self._child)

        def expand(level: tuple[_Listed, ...]) -> Iterator[_Listed]:
            self._reader.announce(entry for _, entry in level)
            unread = {
                entry.digest: entry
                for _, entry in level
                if entry.digest not in self.manifests and entry.digest.is_verifiable
            }
            listed = tuple(unread.values())
            looks = self._reader.read_each(look, listed, lambda each: (each.digest,), fan_out)
            self.manifests.update(zip(unread, looks, strict=True))
            for path, entry in level:
                found = self.manifests.get(entry.digest)
                if isinstance(found, Examined):
                    place = Located(found, path, entry) if path else Located(found)
                    places.append(place)
                    yield from place.children

        top = ("", self._root.manifest.descriptor())
        if walk([top], expand, lambda listed: listed[1].digest):
            raise nested_too_deep(str(self._root.reference))
        return places

    def _child(self, listed: Descriptor) -> Examined | None:
        """Read a manifest that exists and can be parsed; what it names is parsed here, too.

        None for a blob.
        """
        content = self._root.reference.at(listed.digest)
        if is_blob(content, listed, self._reader):
            return None
        if not isinstance(content.home, Layout | Archive):  # of others the store may have it, too
            self._reader.head_manifest(content)
        manifest = self._reader.get_manifest(content)
        manifest.entries, manifest.config, manifest.layers  # noqa: B018 -- fails here, at its digest
        examined = examine(manifest)
        self._reader.hold(manifest.digest, examined.places)
        if not self._reader.passes(manifest.digest):
            self._held[manifest.digest] = manifest.without_views()
        return examined

    def read_config(self, image: Located) -> bytes:
        """Read the config of an image. Raises DocumentError: it is malformed, or over 4 MiB."""
        place, config = self._root.reference.at(image.examined.known.digest), image.image_config
        assert config is not None  # noqa: S101 - only images are read
        data = read_config_at(place, config, self._reader)
        platform_of_config(data, f"{place}: config")
        return data

    def held(
        self, images: Mapping[Digest, Located], configs: Mapping[Digest, bytes]
    ) -> Iterator[Resolved]:
        """Yield the manifests that did not pass, and again those of ``images`` with configs."""
        at = self._root.reference.at
        for digest, found in self.manifests.items():
            if isinstance(found, Examined) and digest in self._held:
                yield Resolved(at(digest), self._held[digest])
        for config, image in images.items():
            digest = image.examined.known.digest
            if config in configs and digest in self._held:
                yield Resolved(at(digest), self._held[digest], configs[config])


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
    places: Iterable[Located], sizes: Mapping[Digest, int | ManyfestError]
) -> dict[Digest, Located]:
    """For each config that exists in the size that is listed, one image that has it."""
    return {
        config.digest: place
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


def _place_in_document(finding: Finding) -> list[tuple[int, str]]:
    """A sort key that puts ``manifests[10]`` after ``manifests[9]``."""
    parts = _NUMBERS.findall(finding.path)
    return [(int(part) if part.isdigit() else 0, part) for part in parts]
