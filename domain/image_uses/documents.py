"""Images in YAML documents: compose files, GitHub workflows, and all that ``shapes`` has rows for.

A document is known by its members, whatever its file is called. Each part that is of another shape
than its format says is passed over.
"""

from collections.abc import Callable, Iterator, Mapping

from manyfest.domain.image_uses.image_use import ImageUse, use_of
from manyfest.domain.image_uses.shapes import (
    GITLAB,
    KUBERNETES,
    OTHERS,
    Leaf,
    Tree,
    child,
    images_by_shape,
    items,
    leaf,
    variables_of,
)

_DOCKER = "docker://"
_OF_JOBS = frozenset({"script", "before_script", "stage", "extends", "trigger"})  # GitLab's


def images_in_document(document: Tree, variables: Mapping[str, str]) -> Iterator[ImageUse]:
    """Yield the images of a document; ``variables`` are those of compose, the environment."""
    if not isinstance(document, dict):
        return
    if "apiVersion" in document:
        yield from images_by_shape(document, KUBERNETES, {})
        return
    for member, read in _READERS.items():
        if isinstance(document.get(member), dict):
            yield from read(document, variables)
            return
    if _is_gitlab(document):
        yield from images_by_shape(document, GITLAB, variables_of(document))
    else:
        yield from images_by_shape(document, OTHERS, {})


def _is_gitlab(document: dict[str, Tree]) -> bool:
    """Return whether one of the members is a job, or what all jobs have."""
    return "default" in document or any(
        isinstance(job, dict) and not _OF_JOBS.isdisjoint(job) for job in document.values()
    )


def _of_compose(document: Tree, variables: Mapping[str, str]) -> Iterator[ImageUse]:
    for service in _members(document, "services"):
        image = leaf(service, "image")
        platform = leaf(service, "platform")
        if image is not None and child(service, "build") is None:  # else it is built here
            yield use_of(image.text, image.line, variables, platform.text if platform else "")


def _of_workflow(document: Tree, variables: Mapping[str, str]) -> Iterator[ImageUse]:
    for job in (*_members(document, "jobs"), *_members(document, "executors")):  # CircleCI's
        yield from sorted(_of_job(job, variables), key=lambda use: use.line)


def _of_job(job: Tree, variables: Mapping[str, str]) -> Iterator[ImageUse]:
    container = child(job, "container")
    yield from _github(container if isinstance(container, Leaf) else leaf(container, "image"))
    for service in _members(job, "services"):
        yield from _github(leaf(service, "image"))
    for one in items(child(job, "docker")):  # CircleCI's
        yield from _github(leaf(one, "image"))
    yield from _steps(job, variables)


def _of_action(document: Tree, variables: Mapping[str, str]) -> Iterator[ImageUse]:
    runs = child(document, "runs")
    image = leaf(runs, "image")
    if image is not None and image.text.startswith(_DOCKER):  # else a Dockerfile of the action
        yield from _github(image)
    yield from _steps(runs, variables)


def _steps(parent: Tree | None, _: Mapping[str, str]) -> Iterator[ImageUse]:
    for step in items(child(parent, "steps")):
        used = leaf(step, "uses")
        if used is not None and used.text.startswith(_DOCKER):
            yield from _github(used)


def _github(image: Leaf | None) -> Iterator[ImageUse]:
    if image is None or not image.text:
        return
    name = image.text.removeprefix(_DOCKER)
    fault = "an expression, which only GitHub evaluates" if "${{" in name else ""
    yield ImageUse(name, image.line, fault=fault)


_READERS: dict[str, Callable[[Tree, Mapping[str, str]], Iterator[ImageUse]]] = {
    "services": _of_compose,
    "jobs": _of_workflow,
    "runs": _of_action,
}


def _members(tree: Tree | None, name: str) -> Iterator[Tree]:
    found = child(tree, name)
    yield from found.values() if isinstance(found, dict) else ()
