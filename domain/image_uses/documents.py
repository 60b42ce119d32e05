"""Images in YAML documents: compose files, Kubernetes manifests and GitHub workflows.

A document is known by its members, whatever its file is called. Each part that is of another shape
than its format says is passed over.
"""

from collections.abc import Callable, Iterator, Mapping

from manyfest.domain.image_uses.image_use import ImageUse, use_of
from manyfest.domain.values import frozen

_CONTAINERS = ("containers", "initContainers", "ephemeralContainers")
_DOCKER = "docker://"
_NO_VARIABLES: Mapping[str, str] = {}


@frozen
class Leaf:
    """A scalar: its text, whatever its type, and its line."""

    text: str
    line: int


Tree = dict[str, "Tree"] | list["Tree"] | Leaf


def images_in_document(document: Tree, variables: Mapping[str, str]) -> Iterator[ImageUse]:
    """Yield the images of a document; ``variables`` are those of compose, the environment."""
    if not isinstance(document, dict):
        return
    if "apiVersion" in document:
        yield from _of_kubernetes(document)
        return
    for member, read in _READERS.items():
        if member in document:
            yield from read(document, variables)
            return


def _of_compose(document: Tree, variables: Mapping[str, str]) -> Iterator[ImageUse]:
    for service in _members(document, "services"):
        image = _leaf(service, "image")
        platform = _leaf(service, "platform")
        if image is not None and _child(service, "build") is None:  # else it is built here
            yield use_of(image.text, image.line, variables, platform.text if platform else "")


def _of_workflow(document: Tree, variables: Mapping[str, str]) -> Iterator[ImageUse]:
    for job in _members(document, "jobs"):
        yield from sorted(_of_job(job, variables), key=lambda use: use.line)


def _of_job(job: Tree, variables: Mapping[str, str]) -> Iterator[ImageUse]:
    container = _child(job, "container")
    yield from _github(container if isinstance(container, Leaf) else _leaf(container, "image"))
    for service in _members(job, "services"):
        yield from _github(_leaf(service, "image"))
    yield from _steps(job, variables)


def _of_action(document: Tree, variables: Mapping[str, str]) -> Iterator[ImageUse]:
    runs = _child(document, "runs")
    image = _leaf(runs, "image")
    if image is not None and image.text.startswith(_DOCKER):  # else a Dockerfile of the action
        yield from _github(image)
    yield from _steps(runs, variables)


def _steps(parent: Tree | None, _: Mapping[str, str]) -> Iterator[ImageUse]:
    for step in _items(parent, "steps"):
        used = _leaf(step, "uses")
        if used is not None and used.text.startswith(_DOCKER):
            yield from _github(used)


def _github(image: Leaf | None) -> Iterator[ImageUse]:
    if image is None or not image.text:
        return
    name = image.text.removeprefix(_DOCKER)
    fault = "an expression, which only GitHub evaluates" if "${{" in name else ""
    yield ImageUse(name, image.line, fault=fault)


def _of_kubernetes(document: Tree) -> Iterator[ImageUse]:
    """Yield the images of pods, wherever they stand in the document, in its order, each once."""
    waiting, seen = [("", document)], set[int]()
    while waiting:
        name, tree = waiting.pop()
        if isinstance(tree, Leaf) or id(tree) in seen:
            continue
        seen.add(id(tree))
        yield from _of_pod(name, tree)
        below = tree.items() if isinstance(tree, dict) else (("", one) for one in tree)
        waiting += reversed(list(below))


def _of_pod(member: str, tree: Tree) -> Iterator[ImageUse]:
    """Yield the images of a member of a pod: its containers, or its volumes."""
    for one in tree if isinstance(tree, list) else ():
        if member in _CONTAINERS and (image := _leaf(one, "image")):
            yield use_of(image.text, image.line, _NO_VARIABLES)
        if member == "volumes" and (source := _leaf(_child(one, "image"), "reference")):
            yield ImageUse(source.text, source.line)


_READERS: dict[str, Callable[[Tree, Mapping[str, str]], Iterator[ImageUse]]] = {
    "services": _of_compose,
    "jobs": _of_workflow,
    "runs": _of_action,
}


def _child(tree: Tree | None, name: str) -> Tree | None:
    return tree.get(name) if isinstance(tree, dict) else None


def _leaf(tree: Tree | None, name: str) -> Leaf | None:
    child = _child(tree, name)
    return child if isinstance(child, Leaf) and child.text else None


def _members(tree: Tree | None, name: str) -> Iterator[Tree]:
    child = _child(tree, name)
    yield from child.values() if isinstance(child, dict) else ()


def _items(tree: Tree | None, name: str) -> Iterator[Tree]:
    child = _child(tree, name)
    yield from child if isinstance(child, list) else ()
