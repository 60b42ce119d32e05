"""Statements about images: SBOMs, provenance and signatures, read without trust.

- members: members of JSON whose types are not certain
- envelopes: a statement out of an in-toto document, a DSSE envelope or a Sigstore bundle
- sboms: the packages of SPDX and CycloneDX documents
- provenance: builder, source and parameters of SLSA provenance
- signers: the identity in a signing certificate

Nothing here verifies a signature: that is cosign's and notation's work.
"""
