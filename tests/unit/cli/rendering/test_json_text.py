"""A large JSON document takes little more memory than its text, also while it is written."""

import json
import tracemalloc

import pytest

from manyfest.cli import output
from manyfest.cli.output import write_text
from manyfest.cli.rendering.json_text import json_text
from manyfest.domain.encoding.strict_json import Json

DOCUMENT: Json = [{"path": f"manifests[{n}]", "more": ["ü", n, None, {}]} for n in range(5000)]


def test_it_is_what_the_standard_library_writes() -> None:
    assert json_text(DOCUMENT) == json.dumps(DOCUMENT, indent=2, ensure_ascii=False)


def test_its_words_are_not_in_memory_together() -> None:
    tracemalloc.start()
    text = json_text(DOCUMENT)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 4 * len(text)


@pytest.mark.parametrize("size", [0, 1, 99, 100, 101, 250])
def test_a_large_text_is_written_in_parts(monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    parts: list[bytes] = []
    monkeypatch.setattr(output, "_CHARACTERS_AT_A_TIME", 100)
    monkeypatch.setattr(output, "write_bytes", parts.append)
    write_text("x" * (size - 1) + "\x1b" * (size > 0))
    assert b"".join(parts).decode() == "x" * (size - 1) + r"\u001b" * (size > 0) + "\n"
    assert len(parts) == max(1, -(-size // 100))
