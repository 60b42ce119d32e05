"""Words about signatures: shown, never called verified, and the command that verifies.

The command has placeholders for the identity that must have signed. That in the certificate is what
the signer claims: to verify a signature against it would prove nothing.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from manyfest.domain.references import Reference, Repository
from manyfest.domain.statements.envelopes import CYCLONEDX, PROVENANCE, SPDX
from manyfest.domain.statements.signers import signer_in_der

if TYPE_CHECKING:
    from manyfest.domain.operations.views.documents import Document
    from manyfest.domain.operations.views.search_statements import Carried

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


def statement_trust(carried: "Carried") -> str:
    """Return that a statement is not signed, or who claims to have signed it."""
    if not carried.statement.signatures:
        return UNSIGNED
    signer = signer_in_der(carried.statement.certificate)
    who = f" by {signer.identity} (claimed)" if signer else ""
    return f"signed{who}, and not verified here"


def statement_command(carried: "Carried") -> str:
    """Return the command line that verifies a statement; empty if no program does."""
    if not (carried.statement.signatures and isinstance(carried.image.home, Repository)):
        return ""
    return f"{_verify_attestation(carried.statement.predicate_type)} {carried.image}"


def verify_commands(documents: Iterable["Document"]) -> tuple[str, ...]:
    """Return a command line for each kind of signature among ``documents``.

    Statements of one type are a kind. A line is about the first subject that has one, if possible
    not one that is an attachment itself. There is none for a layout: no program verifies that.
    """
    by_level = sorted(documents, key=lambda each: each.attachment.level)
    lines: dict[str, str] = {}
    for each in by_level:
        if each.is_signed and isinstance(each.attachment.subject.home, Repository):
            program = _program(each)
            lines.setdefault(program, f"{program} {each.attachment.subject}")
    return tuple(lines.values())


def _program(signed: "Document") -> str:
    """Return the command line that verifies a document, without the image."""
    if signed.is_signature:
        return _verify(signed.kind)
    return _verify_attestation(signed.predicate_type)


def _verify(kind: str) -> str:
    return "notation verify" if kind.startswith("Notation") else f"cosign verify {_IDENTITY}"


def verify_signatures(image: Reference, kind: str) -> str:
    """Return the command line that verifies signatures of this kind of ``image``."""
    return f"{_verify(kind)} {image}"


def _verify_attestation(predicate_type: str) -> str:
    named = _TYPES.get(predicate_type, "custom") if predicate_type else "TYPE"
    return f"cosign verify-attestation --type {named} {_IDENTITY}"
