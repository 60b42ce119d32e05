"""Docker's file names of drafts and entries, encoded and decoded.

Docker names a draft's folder after the list and a file in it after each image, with every ``:`` as
``-`` and every ``/`` as ``_`` (``cli/manifest/store``, ``makeFilesafeName``). Several references
have the same name, so decoding is a guess with rules.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from functools import partial

from manyfest.domain.errors import InvalidReferenceError
from manyfest.domain.references import DEFAULT_TAG, Home, Reference, Repository

_PORT = re.compile(r"-(?=[0-9]+$)")
_SLASH = re.compile(r"(?<!_)_(?!_)")


def docker_file_name(reference: Reference) -> str:
    """Return docker's name of an image's file, or of a list's folder."""
    return _mangled(str(reference))


def list_names(directory: str, neighbours: Iterable[Reference]) -> tuple[Reference, ...]:
    """Decode the folder name ``directory`` into the most likely list names.

    ``neighbours`` are the references of its entries. A single ``_`` is decoded as a slash, and
    digits after the host's last ``-`` as its port, unless a neighbour has them differently. Of
    several results, those in a neighbour's repository are preferred, else those on a neighbour's
    registry; then the one with docker's default tag, ``latest``. One result is the name, several
    are candidates, none means that the name is unknown.
    """
    homes = {each.home for each in neighbours}
    hosts = {home.registry for home in homes if isinstance(home, Repository)}
    left = tuple(dict.fromkeys(_readings(directory, homes, hosts)))
    for preferred in (partial(_at_home, homes), partial(_on_host, hosts), _tagged_latest):
        left = _preferred(left, preferred)
    return left


def _preferred(
    names: tuple[Reference, ...], preferred: Callable[[Reference], bool]
) -> tuple[Reference, ...]:
    return tuple(filter(preferred, names)) or names


def _at_home(homes: set[Home], name: Reference) -> bool:
    return name.home in homes


def _on_host(hosts: set[str], name: Reference) -> bool:
    return isinstance(name.home, Repository) and name.home.registry in hosts


def _tagged_latest(name: Reference) -> bool:
    return name.tag == DEFAULT_TAG


def _readings(directory: str, homes: set[Home], hosts: set[str]) -> Iterator[Reference]:
    first = directory.partition("_")[0]  # no host has an underscore
    for registry in sorted({_PORT.sub(":", first), *hosts}):
        start = _mangled(registry) + "_"
        if directory.startswith(start):
            paths = {h.path for h in homes if isinstance(h, Repository) and h.registry == registry}
            for path, tag in _splits(directory.removeprefix(start), paths):
                yield from _named(f"{registry}/{path}:{tag}", directory)


def _splits(rest: str, known_paths: set[str]) -> Iterator[tuple[str, str]]:
    """Yield path and tag for each dash, which may be the colon before the tag."""
    for dash in re.finditer("-", rest):
        path, tag = rest[: dash.start()], rest[dash.end() :]
        yield _SLASH.sub("/", path), tag
        yield from ((known, tag) for known in known_paths if _mangled(known) == path)


def _named(text: str, directory: str) -> Iterator[Reference]:
    try:
        name = Reference.parse(text)
    except InvalidReferenceError:
        return
    if docker_file_name(name) == directory:
        yield name


def _mangled(text: str) -> str:
    return text.replace(":", "-").replace("/", "_")
