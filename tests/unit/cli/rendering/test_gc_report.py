"""The lines of ``cache gc`` on a terminal."""

import pytest

from manyfest.cli.output import Screen
from manyfest.cli.rendering.cache import gc_report
from manyfest.domain.digests import Digest
from manyfest.domain.ports.garbage import Garbage, StoredContent

PIECE = StoredContent(Digest.parse(f"sha256:{'0' * 64}"), 30_000)


def test_no_line_is_wider_than_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gc_report, "stdout_screen", lambda: Screen(width=50))
    garbage = Garbage((), (PIECE,), (), (PIECE, PIECE))
    assert list(gc_report.garbage_lines(garbage, is_gone=False, is_verbose=True)) == [
        "would remove 1 manifest, 2 layers: 90.0 kB",
        "  remove manifest sha256:000000000000 (30.0 kB)",
        *["  remove layer sha256:000000000000 (30.0 kB)"] * 2,
    ]
