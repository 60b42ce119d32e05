"""Remedies: each belongs to an error of the library, and stands where its sentence wants it."""

import ast
from pathlib import Path

import pytest

from manyfest.cli.advice.remedies import REMEDIES, told
from manyfest.domain import errors

ROOT = Path(__file__).parents[4]
DIGEST = "sha256:" + "a" * 64
TOLD = {
    "in brackets": (
        errors.UnreachableError("h", "x: no TLS on this port", "no-tls"),
        "x: no TLS on this port (--insecure also tries plain HTTP)",
    ),
    "within brackets": (
        errors.UnreachableError("h", "x: not trusted (trust its authority)", "unknown-authority"),
        "x: not trusted (trust its authority, or any by --insecure)",
    ),
    "before a reason": (
        errors.SparseRefusedError("h", "h/a:1", "reason", 400),
        (
            "h/a:1: a list with absent images is not taken; copy it whole, or without --sparse "
            "as a new list of these platforms (reason)"
        ),
    ),
    "in the sentence": (
        errors.ConversionError("h/a:1", "it has a subject", "only-oci"),
        "h/a:1 cannot be converted: it has a subject; use --convert oci",
    ),
    "amid the sentence": (
        errors.SeveralImagesError("oci: lists 2 images:a", 2, ("linux/amd64", "linux/arm64")),
        (
            "oci: lists 2 images:a lists 2 images; choose one with --platform: "
            "linux/amd64, linux/arm64"
        ),
    ),
    "an annotation": (
        errors.ListError("h/{a}:1", "it is wrong", "malformed-member", "annotations.k"),
        (
            "it is wrong; in a draft, change it with: "
            "manyfest annotate --index --unset annotation:k h/{a}:1"
        ),
    ),
    "all annotations": (
        errors.ListError("h/a:1", "it is wrong", "malformed-member", "annotations"),
        (
            "it is wrong; in a draft, change it with: "
            "manyfest annotate --index --annotation KEY=VALUE h/a:1"
        ),
    ),
    "a subject": (
        errors.ListError("h/a:1", "it is wrong", "malformed-member", "subject.size"),
        "it is wrong; in a draft, change it with: manyfest annotate --index --unset subject h/a:1",
    ),
    "of two fields": (
        errors.PlaceholderError("h", "it stays", "h/a:1", DIGEST),
        f"it stays; try: manyfest undo h/a:1 --to {DIGEST}",
    ),
    "none": (errors.InputError("it is wrong"), "it is wrong"),
    "none for what is no error of ours": (ValueError("it {is} wrong"), "it {is} wrong"),
}


@pytest.mark.parametrize(("error", "text"), TOLD.values(), ids=TOLD)
def test_the_remedy_follows_the_sentence(error, text):
    assert told(error) == text


def test_each_remedy_belongs_to_a_case_of_the_library():
    folders = ("domain", "adapters", "assembly")
    files = (file for folder in folders for file in (ROOT / folder).rglob("*.py"))
    nodes = (node for file in files for node in ast.walk(ast.parse(file.read_text())))
    texts = {node.value for node in nodes if isinstance(node, ast.Constant)}
    assert set(REMEDIES) - texts == set()
