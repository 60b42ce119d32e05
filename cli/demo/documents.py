"""Images, lists and statements as BuildKit writes them, for a store that shows them.

Layers are named and measured, but have no bytes: the store keeps manifests and configs. Digests of
layers come from the platform, the command and its revision, so that images share what they share.
"""

from collections.abc import Sequence
from datetime import datetime

from attr import evolve, field

from manyfest.cli.demo.images import descriptor_of, encoded
from manyfest.domain import media_types
from manyfest.domain.descriptors import Descriptor
from manyfest.domain.digests import Digest
from manyfest.domain.encoding.strict_json import Json, JsonObject
from manyfest.domain.encoding.timestamps import format_utc
from manyfest.domain.manifests import Manifest
from manyfest.domain.platforms import Platform
from manyfest.domain.values import frozen

_IN_TOTO = "application/vnd.in-toto+json"
_STATEMENT = "https://in-toto.io/Statement/v0.1"
_SPDX, _SLSA = "https://spdx.dev/Document", "https://slsa.dev/provenance/v1"
_BUNDLE = "application/vnd.dev.sigstore.bundle.v0.3+json"


@frozen
class DemoManifest:
    """A manifest with its small blobs, and the platform that a list gives it."""

    manifest: Manifest
    blobs: tuple[bytes, ...] = ()
    platform: Platform | None = None

    @property
    def entry(self) -> Descriptor:
        """The descriptor of it in a list."""
        return evolve(self.manifest.descriptor(), platform=self.platform)


@frozen
class DemoStep:
    """A step of a build; ``size`` is that of its layer in bytes, 0 for none."""

    command: str
    size: int = 0
    revision: str = ""


@frozen
class Recipe:
    """The steps of an image, the members of its runtime, and when it was built."""

    steps: tuple[DemoStep, ...]
    runtime: JsonObject = field(factory=dict)
    created: datetime | None = None


def image(recipe: Recipe, platform: str) -> DemoManifest:
    """Build the image of a recipe for a platform."""
    wanted = Platform.parse(platform)
    layers = [_layer(step, platform) for step in recipe.steps if step.size]
    config = encoded(
        wanted.to_json()
        | ({"created": format_utc(recipe.created)} if recipe.created else {})
        | {
            "config": recipe.runtime,
            "rootfs": {"type": "layers", "diff_ids": [layer["digest"] for layer in layers]},
            "history": [_history(step, recipe.created) for step in recipe.steps],
        }
    )
    document = {
        "schemaVersion": 2,
        "mediaType": media_types.OCI_MANIFEST,
        "config": descriptor_of(media_types.OCI_CONFIG, config),
        "layers": layers,
    }
    return DemoManifest(Manifest(media_types.OCI_MANIFEST, encoded(document)), (config,), wanted)


def attestation(
    about: DemoManifest, packages: Sequence[tuple[str, str]], source: str
) -> DemoManifest:
    """Make BuildKit's attestation of an image: an SBOM of these packages, and provenance."""
    statements = [
        (_SPDX, _statement(_SPDX, _spdx(packages), about)),
        (_SLSA, _statement(_SLSA, _slsa(source), about)),
    ]
    config = encoded({"architecture": "unknown", "os": "unknown", "config": {}})
    document = {
        "schemaVersion": 2,
        "mediaType": media_types.OCI_MANIFEST,
        "config": descriptor_of(media_types.OCI_CONFIG, config),
        "layers": [
            {**descriptor_of(_IN_TOTO, data), "annotations": {"in-toto.io/predicate-type": kind}}
            for kind, data in statements
        ],
    }
    manifest = Manifest(media_types.OCI_MANIFEST, encoded(document))
    blobs = (config, *(data for _, data in statements))
    return DemoManifest(manifest, blobs, Platform("unknown", "unknown"))


def signature(of: Manifest) -> DemoManifest:
    """Make a referrer that looks like a Sigstore bundle; it signs nothing."""
    empty, signed = b"{}", encoded({"mediaType": _BUNDLE, "verificationMaterial": {}})
    document = {
        "schemaVersion": 2,
        "mediaType": media_types.OCI_MANIFEST,
        "artifactType": _BUNDLE,
        "config": descriptor_of(media_types.OCI_EMPTY, empty),
        "layers": [descriptor_of(_BUNDLE, signed)],
        "subject": of.descriptor().to_json(),
    }
    return DemoManifest(Manifest(media_types.OCI_MANIFEST, encoded(document)), (empty, signed))


def index(
    images: Sequence[DemoManifest],
    attestations: Sequence[DemoManifest] = (),
    annotations: JsonObject | None = None,
) -> DemoManifest:
    """List images, and the attestations of the first of them."""
    entries: list[Json] = [one.entry.to_json() for one in images]
    for one, about in zip(attestations, images, strict=False):
        marks = {
            "vnd.docker.reference.type": "attestation-manifest",
            "vnd.docker.reference.digest": str(about.manifest.digest),
        }
        entries.append(one.entry.to_json() | {"annotations": marks})
    document: JsonObject = {
        "schemaVersion": 2,
        "mediaType": media_types.OCI_INDEX,
        "manifests": entries,
    }
    data = encoded({**document, **({"annotations": annotations} if annotations else {})})
    return DemoManifest(Manifest(media_types.OCI_INDEX, data))


def _layer(step: DemoStep, platform: str) -> JsonObject:
    digest = Digest.of(f"{platform} {step.command} {step.revision}".encode())
    return {"mediaType": f"{media_types.OCI_LAYER}", "digest": str(digest), "size": step.size}


def _history(step: DemoStep, created: datetime | None) -> JsonObject:
    return {
        "created_by": step.command,
        **({"created": format_utc(created)} if created else {}),
        **({} if step.size else {"empty_layer": True}),
    }


def _statement(kind: str, predicate: JsonObject, about: DemoManifest) -> bytes:
    digest = about.manifest.digest
    subject = {"name": "_", "digest": {digest.algorithm: digest.hex}}
    return encoded(
        {
            "_type": _STATEMENT,
            "subject": [subject],
            "predicateType": kind,
            "predicate": predicate,
        }
    )


def _spdx(packages: Sequence[tuple[str, str]]) -> JsonObject:
    listed = [
        {
            "SPDXID": f"SPDXRef-{name}",
            "name": name,
            "versionInfo": version,
            "licenseDeclared": "MIT",
            "externalRefs": [
                {
                    "referenceCategory": "PACKAGE-MANAGER",
                    "referenceType": "purl",
                    "referenceLocator": f"pkg:apk/alpine/{name}@{version}",
                }
            ],
        }
        for name, version in packages
    ]
    return {
        "spdxVersion": "SPDX-2.3",
        "SPDXID": "SPDXRef-DOCUMENT",
        "name": "sbom",
        "creationInfo": {"creators": ["Tool: buildkit"]},
        "packages": listed,
    }


def _slsa(source: str) -> JsonObject:
    repository, _, commit = source.partition("@")
    return {
        "buildDefinition": {
            "buildType": "https://github.com/moby/buildkit/slsa-definitions.md",
            "externalParameters": {
                "configSource": {"path": "Dockerfile"},
                "request": {"frontend": "dockerfile.v0", "args": {"target": "release"}},
            },
        },
        "runDetails": {
            "builder": {"id": "https://ci.example.com/runs/42"},
            "metadata": {
                "buildkit_metadata": {"vcs": {"source": repository, "revision": commit}},
            },
        },
    }
