"""The words about signatures: shown, never called verified, and the command that verifies."""

from shlex import join

from manyfest.domain.references import Reference
from manyfest.domain.statements.signers import Signer

UNVERIFIED = "nothing here is verified: signatures are not checked"


def verify_command(image: Reference, predicate: str = "", signer: Signer | None = None) -> str:
    """Return the command line of cosign that verifies the signatures of ``image``.

    With the type of a ``predicate``, those of its attestations. The identity is that which the
    certificate claims, for the reader to compare with the one that should have signed.
    """
    identity = signer.identity if signer else "IDENTITY"
    issuer = signer.issuer if signer and signer.issuer else "ISSUER"
    kind = ["verify-attestation", "--type", predicate] if predicate else ["verify"]
    flags = ["--certificate-identity", identity, "--certificate-oidc-issuer", issuer]
    return join(["cosign", *kind, *flags, str(image)])
