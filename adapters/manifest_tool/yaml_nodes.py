"""YAML as nodes with line numbers: no values are constructed, no aliases followed."""

import re
from collections.abc import Iterator
from typing import Any

import yaml

from manyfest.domain.errors import SpecError

# Tags of scalars that are read as text: 1.10 means "1.10", not a number.
SCALARS = frozenset(
    f"tag:yaml.org,2002:{name}" for name in ("str", "int", "float", "bool", "timestamp")
)
NULL = "tag:yaml.org,2002:null"

_SURROGATE = re.compile("[\ud800-\udfff]")  # an escape may encode one, UTF-8 cannot


def documents(data: bytes, name: str) -> tuple[yaml.Node, ...]:
    """Return the documents in ``data`` that are not empty.

    Raises SpecError, naming file and line: it is not YAML, or has numbers or nesting beyond bounds.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise SpecError((f"{name}:{line}: not UTF-8",)) from error
    try:
        return tuple(node for node in _nodes(text) if node.tag != NULL)
    except yaml.MarkedYAMLError as error:
        raise SpecError((f"{name}:{_place(error)}: {error.problem}",)) from error
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise SpecError((f"{name}:{line}: a character that YAML does not allow",)) from error
    except RecursionError as error:
        raise SpecError((f"{name}: nested too deeply",)) from error


class _Loader(yaml.SafeLoader):
    """Refuses aliases: a few of them can expand to more than fits in memory."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            mark = self.peek_event().start_mark  # type: ignore[no-untyped-call]
            raise _unusable("aliases are not read here", mark)
        return super().compose_node(parent, index)

    def compose_scalar_node(self, anchor: dict[Any, yaml.Node]) -> yaml.ScalarNode:
        node = super().compose_scalar_node(anchor)
        if _SURROGATE.search(node.value):
            raise _unusable("a string has an unpaired surrogate", node.start_mark)
        return node


def _nodes(text: str) -> Iterator[yaml.Node]:
    loader = _Loader(text)
    try:
        while loader.check_node():
            yield from filter(None, [loader.get_node()])
    except (ValueError, OverflowError) as error:  # the reader does not check numbers
        raise _unusable("a number or character beyond all bounds", loader.get_mark()) from error


def _unusable(problem: str, mark: yaml.Mark) -> yaml.MarkedYAMLError:
    return yaml.composer.ComposerError(None, None, problem, mark)


def _place(error: yaml.MarkedYAMLError) -> str:
    mark = error.problem_mark or error.context_mark
    return f"{mark.line + 1}:{mark.column + 1}" if mark else "1"
