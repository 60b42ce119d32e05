"""YAML as nodes that know their lines: no values are made of it, and no aliases followed."""

from collections.abc import Iterator

import yaml

from manyfest.domain.errors import SpecError

# What a text may be written as: 1.10 is meant as it stands, not as a number.
SCALARS = frozenset(
    f"tag:yaml.org,2002:{name}" for name in ("str", "int", "float", "bool", "timestamp")
)
NULL = "tag:yaml.org,2002:null"


def documents(data: bytes, name: str) -> tuple[yaml.Node, ...]:
    """The documents in ``data`` that are not empty. Raises SpecError: not YAML that may be used."""
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
        raise SpecError((f"{name}:{line}: a character that YAML has no room for",)) from error
    except RecursionError as error:
        raise SpecError((f"{name}: nested too deeply",)) from error


class _Loader(yaml.SafeLoader):
    """Refuses aliases: a few of them can stand for more than any machine holds."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            mark = self.peek_event().start_mark  # type: ignore[no-untyped-call]
            raise yaml.composer.ComposerError(None, None, "aliases are not read here", mark)
        return super().compose_node(parent, index)


def _nodes(text: str) -> Iterator[yaml.Node]:
    loader = _Loader(text)
    while loader.check_node():
        yield from filter(None, [loader.get_node()])


def _place(error: yaml.MarkedYAMLError) -> str:
    mark = error.problem_mark or error.context_mark
    return f"{mark.line + 1}:{mark.column + 1}" if mark else "1"
