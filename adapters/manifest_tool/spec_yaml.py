"""List specs in manifest-tool's YAML, read strictly.

All faults of a file are reported together, by line and key.
"""

from collections.abc import Callable, Sequence
from typing import TypeVar

import yaml

from manyfest.adapters.manifest_tool.yaml_nodes import NULL, SCALARS, documents
from manyfest.domain.annotations import Annotations
from manyfest.domain.drafts.draft import ListType
from manyfest.domain.errors import InvalidReferenceError, SpecError, shortened
from manyfest.domain.lists.platform_normalisation import is_supported
from manyfest.domain.media_types import Family
from manyfest.domain.platforms import Platform
from manyfest.domain.references import Reference, Repository, is_tag
from manyfest.domain.specs.list_spec import EntrySpec, ListSpec

Value = TypeVar("Value")

_LIST = ("image", "tags", "type", "convert", "annotations", "manifests")
_ENTRY = ("image", "platform", "annotations")
_TEXTS = ("os", "architecture", "variant", "osversion", "os.version")
_FEATURES = ("osfeatures", "os.features")

# Replaces a name that does not parse; never used.
_PLACEHOLDER = Reference(Repository("invalid.", "invalid"), "invalid")


def read_specs(
    data: bytes, name: str, reference: Callable[[str], Reference]
) -> tuple[ListSpec, ...]:
    """Return the lists declared in ``data``, one per document.

    ``name`` is the file's name in errors; ``reference`` parses the names of images. Raises
    SpecError with all faults of the file.
    """
    reader = _Reader(name, reference)
    found = documents(data, name)
    if not found:
        raise SpecError((f"{name}:1: declares no list",))
    if not any(_declares_list(node) for node in found):
        reason = "not a manifest-tool spec: it has neither image nor manifests"
        raise SpecError((f"{name}: {reason}",))
    specs = tuple(map(reader.list_spec, found))
    if reader.problems:
        raise SpecError(tuple(text for _, text in sorted(reader.problems)))
    return specs


def _declares_list(node: yaml.Node) -> bool:
    """Return whether the document has a member of a spec; files of other programs have none."""
    if not isinstance(node, yaml.MappingNode):
        return False
    return not {key.value for key, _ in node.value}.isdisjoint({"image", "manifests"})


class _Reader:
    """Reads nodes and continues after a fault, only to report the others."""

    def __init__(self, name: str, reference: Callable[[str], Reference]) -> None:
        self._name = name
        self._reference = reference
        self._document = 1  # the first line of the current document
        self._published: dict[Reference, int] = {}
        self.problems: list[tuple[int, str]] = []

    def list_spec(self, node: yaml.Node) -> ListSpec:
        self._document = _line(node)
        members = self._members(node, "", _LIST)
        target = self._target(members["image"])
        tags = self._items(members["tags"], "tags", lambda *at: self._tag(target, *at))
        if members["manifests"].tag == NULL or not members["manifests"].value:
            self._refuse(members["manifests"], "manifests", "missing or empty")
        return ListSpec(
            written=str(members["image"].value),
            target=target,
            entries=self._items(members["manifests"], "manifests", self._entry),
            more_tags=tags,
            annotations=self._annotations(members["annotations"], "annotations"),
            list_type=self._type(members["type"]),
            convert=self._family(members["convert"]),
        )

    def _entry(self, node: yaml.Node, path: str) -> EntrySpec:
        members = self._members(node, path, _ENTRY)
        return EntrySpec(
            written=str(members["image"].value),
            source=self._image(members["image"], f"{path}.image"),
            platform=self._platform(members["platform"], f"{path}.platform"),
            annotations=self._annotations(members["annotations"], f"{path}.annotations"),
        )

    def _target(self, node: yaml.Node) -> Reference:
        target = self._image(node, "image")
        if target.digest is not None:
            self._refuse(node, "image", "a list is named by a tag, not by a digest")
        self._publish(target, node, "image")
        return target

    def _tag(self, target: Reference, node: yaml.Node, path: str) -> Reference:
        text = self._text(node, path)
        if not text:
            return _PLACEHOLDER
        if not is_tag(text):
            self._refuse(node, path, f"not a tag: {shortened(text)!r}")
        self._publish(target.tagged(text), node, path)
        return target.tagged(text)

    def _publish(self, target: Reference, node: yaml.Node, path: str) -> None:
        """Refuse a name that two lists have: lists are published in no fixed order."""
        first = self._published.setdefault(target, self._document)
        if first != self._document and target.home != _PLACEHOLDER.home:
            self._refuse(node, path, f"published by the list at line {first}, too")

    def _image(self, node: yaml.Node, path: str) -> Reference:
        text = self._text(node, path)
        try:
            return self._reference(text) if text else _PLACEHOLDER
        except InvalidReferenceError as error:
            self._refuse(node, path, str(error))
            return _PLACEHOLDER

    def _type(self, node: yaml.Node) -> ListType:
        text = "auto" if node.tag == NULL else self._text(node, "type")
        if text in set(ListType._value2member_map_):
            return ListType(text)
        self._refuse(node, "type", f"not auto, docker or oci: {shortened(text)!r}")
        return ListType.AUTO

    def _family(self, node: yaml.Node) -> Family | None:
        text = "" if node.tag == NULL else self._text(node, "convert")
        if text in {"docker", "oci"}:
            return Family(text)
        if text:
            self._refuse(node, "convert", f"not docker or oci: {shortened(text)!r}")
        return None

    def _platform(self, node: yaml.Node, path: str) -> Platform:
        if node.tag == NULL:
            return Platform()
        members = self._members(node, path, _TEXTS + _FEATURES)
        texts = {
            key: self._text(members[key], f"{path}.{key}") if members[key].tag != NULL else ""
            for key in _TEXTS
        }
        os, architecture = texts["os"], texts["architecture"]
        if (os or architecture) and not is_supported(os, architecture):
            self._refuse(node, path, f"unsupported os/arch combination: {os}/{architecture}")
        features = [self._items(members[key], f"{path}.{key}", self._text) for key in _FEATURES]
        version = texts["osversion"] or texts["os.version"]
        return Platform(os, architecture, texts["variant"], version, (*features[0], *features[1]))

    def _annotations(self, node: yaml.Node, path: str) -> Annotations:
        if node.tag == NULL:
            return ()
        if not isinstance(node, yaml.MappingNode):
            self._refuse(node, path, "not a mapping")
            return ()
        keys = [str(key.value) for key, _ in node.value]
        members = self._members(node, path, tuple(keys))
        return tuple(
            (key, self._text(value, f"{path}.{key}", may_be_empty=True))
            for key, value in sorted(members.items(), key=lambda member: member[0])
        )

    def _members(self, node: yaml.Node, path: str, known: Sequence[str]) -> dict[str, yaml.Node]:
        """Return the members by key; absent ones are null, at the position of the mapping."""
        absent = yaml.ScalarNode(NULL, "", node.start_mark)
        members: dict[str, yaml.Node] = dict.fromkeys(known, absent)
        if not isinstance(node, yaml.MappingNode):
            self._refuse(node, path, "not a mapping")
            return members
        for key, value in node.value:
            name, place = str(key.value), f"{path}.{key.value}".lstrip(".")
            if not isinstance(key, yaml.ScalarNode) or name not in members:
                self._refuse(key, place, "unknown key")
            elif members[name] is not absent:
                self._refuse(key, place, "occurs twice")
            else:
                members[name] = value
        return members

    def _items(
        self, node: yaml.Node, path: str, read: Callable[[yaml.Node, str], Value]
    ) -> tuple[Value, ...]:
        if node.tag == NULL:
            return ()
        if not isinstance(node, yaml.SequenceNode):
            self._refuse(node, path, "not a list")
            return ()
        return tuple(read(item, f"{path}[{place}]") for place, item in enumerate(node.value))

    def _text(self, node: yaml.Node, path: str, *, may_be_empty: bool = False) -> str:
        is_text = isinstance(node, yaml.ScalarNode) and node.tag in SCALARS
        if is_text and (node.value or may_be_empty):
            return str(node.value)
        empty = node.tag == NULL or not node.value
        self._refuse(node, path, "missing or empty" if empty else "not a string")
        return ""

    def _refuse(self, node: yaml.Node, path: str, reason: str) -> None:
        place = f"{shortened(path, 120)}: " if path else ""
        self.problems.append((_line(node), f"{self._name}:{_line(node)}: {place}{reason}"))


def _line(node: yaml.Node) -> int:
    return node.start_mark.line + 1 if node.start_mark else 1
