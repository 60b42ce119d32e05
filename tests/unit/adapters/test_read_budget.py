"""Many readers of large contents share one budget of memory."""

from contextlib import ExitStack

import pytest

from manyfest.adapters.oci_layout import safe_directory
from manyfest.adapters.oci_layout.registry import LayoutRegistry
from manyfest.adapters.read_budget import ReadBudget
from manyfest.contracts.images import push_blob
from manyfest.domain.references import Layout

KIBIBYTE = 1024


@pytest.mark.parametrize(
    ("readers", "piece"), [(0, 256), (1, 256), (4, 256), (8, 128), (16, 64), (32, 32), (999, 32)]
)
def test_the_more_readers_the_smaller_their_pieces(readers: int, piece: int) -> None:
    budget = ReadBudget(1024 * KIBIBYTE)
    with ExitStack() as reading:
        for _ in range(readers):
            reading.enter_context(budget.reader())
        assert budget.piece() == piece * KIBIBYTE
    assert budget.piece() == 256 * KIBIBYTE


def test_layers_of_a_layout_that_are_read_at_once_share_it(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(safe_directory, "READ_BUDGET", ReadBudget(3072 * KIBIBYTE))
    registry, layout = LayoutRegistry(), Layout(str(tmp_path / "layout"))
    layer = push_blob(registry, layout, bytes(2_000_000))
    with ExitStack() as reading:
        opened = [reading.enter_context(registry.open_blob(layer, 2_000_000)) for _ in range(48)]
        for chunks in opened:
            next(chunks)
        assert {len(next(chunks)) for chunks in opened} == {64 * KIBIBYTE}
    del opened, chunks
    with registry.open_blob(layer, 2_000_000) as chunks:
        assert len(next(chunks)) == 256 * KIBIBYTE
