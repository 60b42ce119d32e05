"""Bundles that are nearly right: taken in whole, or refused by our own errors with nothing kept."""

import tempfile
from datetime import UTC, datetime
from pathlib import Path

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from manyfest.domain.drafts.draft import Draft
from manyfest.domain.drafts.draft_json import decode_drafts, encode_drafts
from manyfest.domain.errors import DocumentError, ManyfestError
from manyfest.domain.references import Reference
from tests.fuzzing.parsers import SEEDS, imported
from tests.property.mutations import damaged
from tests.support.stores.memory_store import MemoryStore

NOW = datetime(2026, 5, 1, tzinfo=UTC)
(TAR,) = SEEDS["bundle"]
ZST = zstandard.compress(TAR)
DRAFTS = encode_drafts([Draft(Reference.parse("r.example/app:1"), NOW, NOW)])


def taken_in(data: bytes) -> MemoryStore:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "bundle")
        file.write_bytes(data)
        return imported(file)


@given(damaged(st.sampled_from([TAR, ZST])) | st.binary())
def test_a_damaged_bundle_is_taken_in_or_refused(data: bytes) -> None:
    try:
        store = taken_in(data)
    except ManyfestError:
        return
    for digest in store.held.manifests:
        assert store.contents.manifest(digest).digest == digest


@pytest.mark.parametrize("data", [TAR, ZST], ids=["tar", "tar.zst"])
def test_a_whole_one_is_taken_in(data):
    assert len(taken_in(data).held.manifests) == 2


@given(damaged(st.just(DRAFTS)) | st.binary())
def test_damaged_drafts_are_read_or_refused(data: bytes) -> None:
    try:
        drafts = decode_drafts(data, "x")
    except DocumentError:
        return
    assert decode_drafts(encode_drafts(drafts), "x") == tuple(
        sorted(drafts, key=lambda d: str(d.name))
    )
