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

    def below(self, path: str) -> "Finding":
        """Return the finding with ``path`` as prefix, for a nested document."""
        return evolve(self, path=f"{path}.{self.path}" if path else self.path)


_ERRORS = {
    "missing-manifest": "a manifest that is listed is not there",
    "missing-blob": "a config or layer is not there",
    "wrong-digest": "the bytes that are there have another digest",
    "wrong-size": "what is there has another size than is said of it",
    "unreadable-manifest": "a manifest is there and may not be used",
    "unreadable-config": "an image's config is there and may not be used",
    "wrong-media-type": "a manifest is of another media type than is said of it",
    "wrong-platform": "an entry's platform is not the one that the image's config gives",
    "duplicate-platform": "two entries are for one platform, so nobody gets the later one",
    "invalid-descriptor": "a descriptor has a member that readers cannot parse",
    "invalid-annotations": "annotations are not an object of texts, so Go readers refuse them all",
    "invalid-media-type": "a media type is none by RFC 6838",
    "invalid-artifact-type": "an artifact type is no media type by RFC 6838",
    "wrong-data": "content that is embedded in a descriptor is not the content it describes",
    "invalid-config-member": "a member of an image's config has a type that docker cannot load",
    "dangling-attestation": "an attestation is of an image that is not in the list",
}
_WARNINGS = {
    "unverifiable-digest": "the algorithm of a digest is not registered, so nothing verifies it",
    "empty-list": "nothing is listed",
    "missing-platform": "an entry has no platform, so it cannot be chosen by one",
    "unsupported-platform": "no Go port exists for the pair of operating system and architecture",
    "platform-alias": "an entry's platform has a spelling that podman and skopeo do not look for",
    "unknown-variant": "no processor has the variant of an entry, so no reader looks for it",
    "missing-variant": "an entry for arm does not say which; readers assume v7",
    "shadowed-entry": "an earlier entry runs wherever this one does, and the first match is taken",
    "zstd-first": "an entry marked as zstd comes first, so readers without zstd take it",
    "nested-list": "a list is listed; docker manifest and skopeo cannot read it",
    "docker-child-in-oci-index": "an OCI index lists a Docker manifest",
    "oci-child-in-docker-list": "a Docker list lists an OCI manifest",
    "annotations-on-docker-list": "a Docker list has annotations, which readers of it ignore",
}

RULES = {
    name: Rule(name, severity, breach)
    for severity, table in ((Severity.ERROR, _ERRORS), (Severity.WARNING, _WARNINGS))
    for name, breach in table.items()
}


def finding(name: str, path: str, message: str) -> Finding:
    """Return a finding of the rule named ``name``."""
    return Finding(RULES[name], path, message)
