"""YAML documents as trees with line numbers; aliases and merges are followed.

A node that several aliases name is one object in the tree, so that a few of them do not expand to
more than fits in memory (``domain.image_uses.shapes`` visits each once).
"""

from collections.abc import Sequence

import yaml

from manyfest.domain.errors import SpecError, shortened
from manyfest.domain.image_uses.shapes import Leaf, Tree

_DEPTH = 100
_MERGE = "tag:yaml.org,2002:merge"
_NULL = "tag:yaml.org,2002:null"
_TEMPLATE = "; a template is no YAML: give what it renders to (helm template)"


def trees(text: str, name: str, *, refuses_twice: bool = False) -> tuple[Tree, ...]:
    """Return the documents in ``text``; ``name`` is the file's in errors.

    Of a key that is written twice the last one counts, as in most readers. Raises SpecError: not
    YAML, or nested deeper than 100; such a key, if it ``refuses_twice``.
    """
    try:
        nodes = list(yaml.compose_all(text, yaml.SafeLoader))
        return tuple(_Trees(name, refuses_twice=refuses_twice).tree(node, _DEPTH) for node in nodes)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        hint = _TEMPLATE if "{{" in text else ""
        raise SpecError((f"{name}:{line}: {error.problem}{hint}",)) from error
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise SpecError((f"{name}:{line}: a character that YAML does not allow",)) from error
    except (RecursionError, ValueError, OverflowError) as error:
        raise SpecError((f"{name}: nested deeper than {_DEPTH}, or a bad number",)) from error


class _Trees:
    """Makes trees of nodes, one for each node."""

    def __init__(self, name: str, *, refuses_twice: bool) -> None:
        self._name = name
        self._refuses_twice = refuses_twice
        self._made: dict[int, Tree] = {}

    def tree(self, node: yaml.Node, depth: int) -> Tree:
        if id(node) in self._made:
            return self._made[id(node)]
        if not depth:
            raise SpecError((f"{self._name}: nested deeper than {_DEPTH}",))
        line = node.start_mark.line + 1
        if isinstance(node, yaml.SequenceNode):
            items: list[Tree] = []
            self._made[id(node)] = items
            items += (self.tree(item, depth - 1) for item in node.value)
            return items
        if not isinstance(node, yaml.MappingNode):
            text = "" if node.tag == _NULL else str(node.value)
            return self._made.setdefault(id(node), Leaf(text, line))
        if self._refuses_twice:
            self._require_once([key for key, _ in node.value])
        members: dict[str, Tree] = {}
        self._made[id(node)] = members
        for key, value in node.value:
            self._add(members, key, self.tree(value, depth - 1))
        return members

    def _require_once(self, keys: Sequence[yaml.Node]) -> None:
        seen: set[str] = set()
        for key in keys:
            if isinstance(key, yaml.ScalarNode) and key.tag != _MERGE:
                if key.value in seen:
                    place = f"{self._name}:{key.start_mark.line + 1}"
                    raise SpecError((f"{place}: {shortened(key.value)} is written twice",))
                seen.add(key.value)

    def _add(self, members: dict[str, Tree], key: yaml.Node, value: Tree) -> None:
        """Add a member, or those of a merge (``<<``), which do not replace others."""
        if key.tag == _MERGE:
            for merged in value if isinstance(value, list) else [value]:
                if isinstance(merged, dict) and merged is not members:
                    for name, inner in merged.items():
                        members.setdefault(name, inner)
        elif isinstance(key, yaml.ScalarNode):
            members[str(key.value)] = value
