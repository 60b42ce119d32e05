"""Shapes in which tools name images in YAML, wherever they stand in a document.

A table says what a member of some name holds. One walk through the document applies it, so that
Helm's values, Tekton and Argo, kustomize and pipelines are rows, and none is a reader of its own.
"""

import re
from collections.abc import Callable, Iterator, Mapping

from manyfest.domain.image_uses.image_use import ImageUse, use_of
from manyfest.domain.values import frozen


@frozen
class Leaf:
    """A scalar: its text, whatever its type, and its line."""

    text: str
    line: int


Tree = dict[str, "Tree"] | list["Tree"] | Leaf
Variables = Mapping[str, str]
Shape = Callable[[Tree, Variables], Iterator[ImageUse]]

_IN_BAKE_FILE = re.compile(r"\"docker-image://([^\"]+)\"")
_CONTEXT = "docker-image://"  # of a build context (``docker buildx bake``)
# Paths, URLs and files, such as pictures and disks, which other YAML calls its image.
_FILE = re.compile(r"(?i)[./]|[a-z+]+://|.*\.(?:png|jpe?g|gif|svg|webp|avif|ico|iso|img|qcow2)$")
_SOURCE_CODE = re.compile(r"(?i)[a-z+]+://|.*\.git$")  # git, charts
_TAGGED = re.compile(r"[:@][^/]*$")
_PARTS = frozenset({"tag", "digest", "registry"})
_EXPRESSION = re.compile(r"\{\{|<<|\$\(|\$\[\[")  # of Helm, Argo, CircleCI, Tekton, GitLab


def images_by_shape(
    document: Tree, shapes: Mapping[str, Shape], variables: Variables
) -> Iterator[ImageUse]:
    """Yield the images of a document in its order.

    What several aliases name is visited once under each name that the table has.
    """
    waiting, seen = [("", document)], set[tuple[int, str]]()
    while waiting:
        name, tree = waiting.pop()
        shape = shapes.get(name)
        place = id(tree), name if shape else ""
        if place in seen:
            continue
        seen.add(place)
        if shape:
            yield from shape(tree, variables)
        if isinstance(tree, dict):
            yield from _of_values(tree, variables)
            is_part = _name_beside_tag(tree) is not None
            waiting += reversed([it for it in tree.items() if not (is_part and it[0] == "image")])
        elif isinstance(tree, list):
            waiting += (("", one) for one in reversed(tree))


def images_in_bake_file(text: str) -> Iterator[ImageUse]:
    """Yield the images that are build contexts of a bake file in HCL."""
    for number, line in enumerate(text.splitlines(), start=1):
        for name in _IN_BAKE_FILE.findall(line):
            yield _use(Leaf(name, number), {})


def variables_of(document: dict[str, Tree]) -> Variables:
    """Return the variables that a GitLab pipeline declares for all its jobs."""
    declared = document.get("variables")
    items = declared.items() if isinstance(declared, dict) else ()
    stated = (
        (name, tree if isinstance(tree, Leaf) else leaf(tree, "value")) for name, tree in items
    )
    return {name: value.text for name, value in stated if value}


def child(tree: Tree | None, name: str) -> Tree | None:
    """Return the member ``name`` of a mapping; None if there is none."""
    return tree.get(name) if isinstance(tree, dict) else None


def leaf(tree: Tree | None, name: str) -> Leaf | None:
    """Return the scalar ``name`` of a mapping; None if there is none, or it is empty."""
    found = child(tree, name)
    return found if isinstance(found, Leaf) and found.text else None


def items(tree: Tree | None) -> Iterator[Tree]:
    """Yield the items of a list, none of anything else."""
    yield from tree if isinstance(tree, list) else ()


def _use(found: Leaf, variables: Variables) -> ImageUse:
    if _EXPRESSION.search(found.text):
        return ImageUse(
            found.text, found.line, fault="an expression, which only its tool evaluates"
        )
    return use_of(found.text, found.line, variables)


def _of_each(tree: Tree, variables: Variables) -> Iterator[ImageUse]:
    """Yield ``image`` of each item: containers, Tekton's steps, sidecars."""
    for one in items(tree):
        yield from _of_one(one, variables)


def _of_one(tree: Tree, variables: Variables) -> Iterator[ImageUse]:
    """Yield ``image`` of a mapping: Argo's container and script, Tekton's template of steps."""
    if image := leaf(tree, "image"):
        yield _use(image, variables)


def _of_volumes(tree: Tree, variables: Variables) -> Iterator[ImageUse]:
    for one in items(tree):
        if source := leaf(child(one, "image"), "reference"):
            yield _use(source, variables)


def _of_name(tree: Tree, variables: Variables) -> Iterator[ImageUse]:
    """Yield an image that is a text, or the ``name`` of a mapping (GitLab, Bitbucket, charts)."""
    name = tree if isinstance(tree, Leaf) else leaf(tree, "name")
    if not name or not name.text or _FILE.match(name.text) or leaf(tree, "repository"):
        return
    has_parts = isinstance(tree, dict) and not _PARTS.isdisjoint(tree)
    yield _of_parts(name, tree, variables) if has_parts else _use(name, variables)


def _of_names(tree: Tree, variables: Variables) -> Iterator[ImageUse]:
    for one in items(tree):
        yield from _of_name(one, variables)


def _of_contexts(tree: Tree, variables: Variables) -> Iterator[ImageUse]:
    for one in tree.values() if isinstance(tree, dict) else ():
        if isinstance(one, Leaf) and one.text.startswith(_CONTEXT):
            yield _use(Leaf(one.text.removeprefix(_CONTEXT), one.line), variables)


def _of_kustomize(tree: Tree, variables: Variables) -> Iterator[ImageUse]:
    """Yield the images that a kustomization puts in place of others."""
    for one in items(tree):
        name = leaf(one, "newName") or leaf(one, "name")
        if name and any(leaf(one, stated) for stated in ("newName", "newTag", "digest")):
            yield _joined(name, leaf(one, "newTag"), leaf(one, "digest"), variables)


def _of_values(tree: dict[str, Tree], variables: Variables) -> Iterator[ImageUse]:
    """Yield the image that a mapping of Helm's values makes up of its parts, if it does."""
    name, is_image = leaf(tree, "repository"), not (_PARTS | {"pullPolicy"}).isdisjoint(tree)
    if name and is_image and not _SOURCE_CODE.match(name.text):
        yield _of_parts(name, tree, variables)
    elif beside := _name_beside_tag(tree):
        yield _of_parts(beside, tree, variables)


def _name_beside_tag(tree: dict[str, Tree]) -> Leaf | None:
    """Return an ``image`` that is the name alone, as its tag or digest is the next member."""
    name = leaf(tree, "image")
    has_tag = leaf(tree, "tag") or leaf(tree, "digest")
    return name if name and has_tag and not _TAGGED.search(name.text) else None


def _of_parts(name: Leaf, tree: Tree, variables: Variables) -> ImageUse:
    registry = leaf(tree, "registry")
    whole = Leaf(f"{registry.text}/{name.text}" if registry else name.text, name.line)
    return _joined(whole, leaf(tree, "tag"), leaf(tree, "digest"), variables)


def _joined(name: Leaf, tag: Leaf | None, digest: Leaf | None, variables: Variables) -> ImageUse:
    """Return the use of an image by its parts, on the line of that which is raised."""
    if not (tag or digest):
        return ImageUse(name.text, name.line, fault="its tag is not in this file")
    parts = (name.text, f":{tag.text}" if tag else "", f"@{digest.text}" if digest else "")
    return _use(Leaf("".join(parts), (tag or digest or name).line), variables)


# Kubernetes, with what is written in its form: Tekton, Argo, kustomize, values of Helm releases.
KUBERNETES: Mapping[str, Shape] = {
    "containers": _of_each,
    "initContainers": _of_each,
    "ephemeralContainers": _of_each,
    "sidecars": _of_each,
    "steps": _of_each,
    "container": _of_one,
    "script": _of_one,
    "stepTemplate": _of_one,
    "volumes": _of_volumes,
    "images": _of_kustomize,
}
# All else: Helm's values, pipelines of Bitbucket, Drone and Woodpecker, bake files in JSON.
OTHERS: Mapping[str, Shape] = {
    "image": _of_name,
    "images": _of_kustomize,
    "contexts": _of_contexts,
}
# Elsewhere the items of ``services`` name definitions (Bitbucket), or what a machine has (Travis).
GITLAB: Mapping[str, Shape] = {**OTHERS, "services": _of_names}
