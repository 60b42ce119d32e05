"""Findings, and the table of rules."""

from enum import StrEnum

from attr import evolve

from manyfest.domain.values import frozen


class Severity(StrEnum):
    """The severity of a finding.

    An error breaks some client; a warning may, or may be intended.
    """

    ERROR = "error"
    WARNING = "warning"


@frozen
class Rule:
    """A rule: its stable name, its severity, and the text of a breach."""

    name: str
    severity: Severity
    breach: str


@frozen
class Finding:
    """A breach of ``rule`` at ``path``, such as ``manifests[3].platform``."""

    rule: Rule
    path: str
    message: str

    def __str__(self) -> str:
        return f"{self.path}: {self.rule.severity}: {self.message} [{self.rule.name}]"

    def below(self, path: str) -> "Finding":
        """Return the finding with ``path`` as prefix, for a nested document."""
        return evolve(self, path=f"{path}.{self.path}" if path else self.path)


_ERRORS = {
    "missing-manifest": "a listed manifest is missing",
    "missing-blob": "a config or layer is missing",
    "wrong-digest": "the content does not match its digest",
    "wrong-size": "the size in the descriptor does not match the content",
    "unreadable-manifest": "a manifest exists and is not usable",
    "unreadable-config": "an image config exists and is not usable",
    "wrong-media-type": "the media type in the descriptor does not match the manifest",
    "wrong-platform": "the platform of an entry contradicts the image config",
    "absent-platform": "the list lacks an image for a platform that is expected",
    "duplicate-platform": "two entries share a platform; clients only ever take the first",
    "invalid-descriptor": "a descriptor has a member that readers cannot parse",
    "invalid-annotations": "annotations are not an object of strings, so Go clients refuse all",
    "invalid-media-type": "a media type is not valid by RFC 6838",
    "invalid-artifact-type": "an artifact type is not a media type by RFC 6838",
    "wrong-data": "the data embedded in a descriptor does not match its digest or size",
    "invalid-config-member": "a member of an image's config has a type that docker cannot load",
    "dangling-attestation": "an attestation refers to an image that is not in the list",
}
_WARNINGS = {
    "unverifiable-digest": "the algorithm of a digest is not registered, so no client verifies it",
    "empty-list": "the list has no entries",
    "missing-platform": "an entry has no platform, so clients cannot choose it by platform",
    "unexpected-platform": "the list has a platform that is not expected",
    "unsupported-platform": "no Go port exists for the pair of operating system and architecture",
    "platform-alias": "podman and skopeo do not find a platform in this spelling",
    "unknown-variant": "no processor has the variant of an entry, so no client asks for it",
    "missing-variant": "an entry for arm has no variant; clients assume v7",
    "shadowed-entry": "an earlier entry matches wherever this one does; clients take the first",
    "zstd-first": "an entry marked as zstd comes first, so clients without zstd take it",
    "nested-list": "the list contains a list, which docker manifest and skopeo cannot read",
    "docker-child-in-oci-index": "an OCI index lists a Docker manifest",
    "oci-child-in-docker-list": "a Docker list lists an OCI manifest",
    "annotations-on-docker-list": "a Docker list has annotations, which clients ignore",
}

RULES = {
    name: Rule(name, severity, breach)
    for severity, table in ((Severity.ERROR, _ERRORS), (Severity.WARNING, _WARNINGS))
    for name, breach in table.items()
}


def finding(name: str, path: str, message: str) -> Finding:
    """Return a finding of the rule named ``name``."""
    return Finding(RULES[name], path, message)
