"""Words about signatures: shown, never called verified, and the command that verifies.

The command has placeholders for the identity that must have signed. That in the certificate is what
the signer claims: to verify a signature against it would prove nothing.
"""

from manyfest.domain.references import Reference
from manyfest.domain.statements.envelopes import CYCLONEDX, PROVENANCE, SPDX

UNSIGNED = "not signed: anybody who may push here could have written it"
VERIFY = "to verify, with the identity that must have signed"
_IDENTITY = "--certificate-identity IDENTITY --certificate-oidc-issuer ISSUER"

# Cosign's short names of predicate types (``cosign verify-attestation --help``).
_TYPES = {
    SPDX: "spdxjson",
    CYCLONEDX: "cyclonedx",
    f"{PROVENANCE}v0.2": "slsaprovenance02",
    f"{PROVENANCE}v1": "slsaprovenance1",
}


def verify_signatures(image: Reference, kind: str) -> str:
    """Return the command line that verifies signatures of this kind of ``image``."""
    if kind.startswith("Notation"):
        return f"notation verify {image}"
    return f"cosign verify {_IDENTITY} {image}"


def verify_statement(image: Reference, predicate_type: str) -> str:
    """Return the command line that verifies the attestations of this type of ``image``."""
    named = _TYPES.get(predicate_type, "custom")
    return f"cosign verify-attestation --type {named} {_IDENTITY} {image}"
