"""manifest-tool's YAML that is nearly right: lists, or SpecError."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from manyfest.adapters.manifest_tool.spec_yaml import read_specs
from manyfest.domain.errors import SpecError
from manyfest.domain.references import Reference
from tests.property.mutations import damaged, json_texts

WHOLE = b"""image: r.example/team/app:v1
tags: [latest, "1.10"]
type: oci
annotations: {"a": b}
manifests:
  - image: r.example/team/app:amd64
    platform: {os: linux, architecture: amd64}
  - image: r.example/team/app:arm
    platform:
      os: linux
      architecture: arm
      variant: v7
      osfeatures: [x]
---
image: r.example/team/other:v1
manifests:
  - image: r.example/team/other:amd64
"""
AS_JSON = {
    "image": "r.example/a:1",
    "tags": ["latest"],
    "manifests": [{"image": "r.example/a:2", "platform": {"os": "linux", "architecture": "arm"}}],
}


@given(damaged(st.just(WHOLE)) | json_texts(AS_JSON) | st.binary())
def test_a_damaged_spec_declares_lists_or_is_refused(data: bytes) -> None:
    with suppress(SpecError):
        for spec in read_specs(data, "spec.yml", Reference.parse):
            assert spec.entries
            for text in (spec.written, *(value for _, value in spec.annotations)):
                text.encode()


FATAL = {
    "a character beyond Unicode": b'image: "\\U00110000"',
    "a character beyond all numbers": b'image: "\\UFFFFFFFF"',
    "half a pair of surrogates": WHOLE.replace(b'{"a": b}', rb'{"a": "\ud800"}'),
    "half a pair in a key": WHOLE.replace(b'"a": b', rb'"\udfff": b'),
    "a version of 5,000 digits": b"%YAML " + b"1" * 5_000 + b".1\n---\na: b",
    "a tag that is not UTF-8": b"image: !<%FF> a",
    "lists that are null": b"image: r.example/a:1\nmanifests: null",
    "nested lists": b"image: " + b"[" * 5_000,
    "nested keys": b"? " * 5_000,
}


@pytest.mark.parametrize("data", FATAL.values(), ids=FATAL)
def test_what_no_list_can_be_made_of_is_told_by_its_file(data: bytes) -> None:
    with pytest.raises(SpecError, match="spec.yml"):
        read_specs(data, "spec.yml", Reference.parse)


def test_what_is_damaged_was_whole() -> None:
    assert [len(spec.entries) for spec in read_specs(WHOLE, "x", Reference.parse)] == [2, 1]
