"""Benchmark: inspect one list, many images, and what the store has already."""

from collections.abc import Iterable

from attrs import frozen

from tests.benchmarks.jobs.empty_program import EMPTY
from tests.benchmarks.jobs.publishers import regctl_without_tls
from tests.benchmarks.jobs.seed import alike_images, image_list
from tests.benchmarks.measuring.cases import MANYFEST, Case, Command, Contender, Place, nothing
from tests.benchmarks.measuring.measurements import Target

_MANY = 1000
_SOME = 10  # references for tools that need a process for each
_LISTED = 4  # images of the one list
_OVER_EMPTY = 0.2  # seconds, with a registry 50 ms away
_OFFLINE = "manyfest inspect --offline"


@frozen
class Reader:
    """A tool's command that shows the manifest of a reference, with its options for plain HTTP."""

    tool: str
    needs: Command
    command: Command
    plain: Command = ()
    scheme: str = ""

    def commands(self, place: Place, count: int = 1) -> Iterable[Command]:
        """Return a command for each of the first ``count`` images."""
        first = (*self.command, *place.site.unless_tls(*self.plain))
        return [(*first, f"{self.scheme}{image}") for image in place.site.images(count)]

    def once(self, aim: Target | None = None) -> Contender:
        before = regctl_without_tls if self.tool == "regctl" else nothing
        return Contender(self.tool, self.needs, self.commands, before, aim=aim)

    def one_by_one(self) -> Contender:
        """Return the contender that does a part of many, each in a process."""
        before = regctl_without_tls if self.tool == "regctl" else nothing
        return Contender(
            self.tool,
            self.needs,
            lambda place: self.commands(place, _SOME),
            before,
            scale=_MANY // _SOME,
        )


_INSECURE, _VERSION = ("--insecure",), "--version"
OURS = Reader("manyfest inspect", (MANYFEST, _VERSION), (MANYFEST, "inspect"))
RIVALS = (
    Reader("docker", ("docker", _VERSION), ("docker", "manifest", "inspect"), _INSECURE),
    Reader(
        "skopeo",
        ("skopeo", _VERSION),
        ("skopeo", "inspect", "--raw"),
        ("--tls-verify=false",),
        "docker://",
    ),
    Reader("crane", ("crane", "version"), ("crane", "manifest"), _INSECURE),
    Reader("regctl", ("regctl", "version"), ("regctl", "manifest", "get", "--format=raw-body")),
    Reader("oras", ("oras", "version"), ("oras", "manifest", "fetch"), ("--plain-http",)),
    Reader(
        "docker buildx",
        ("docker", "buildx", "version"),
        ("docker", "buildx", "imagetools", "inspect", "--raw"),
    ),
    Reader(
        "manifest-tool",
        ("manifest-tool", _VERSION),
        ("manifest-tool", "inspect", "--raw"),
        _INSECURE,
    ),
    Reader("buildah", ("buildah", _VERSION), ("buildah", "manifest", "inspect")),  # TLS only
)


def write_names(place: Place) -> None:
    names = place.site.images(_MANY)
    (place.home / "names").write_text("".join(f"{name}\n" for name in names))


def inspect_file(place: Place) -> Iterable[Command]:
    return ((MANYFEST, "inspect", "-f", str(place.home / "names")),)


def many() -> Case:
    """Return the case of many references; tools without a command for it need many processes."""
    needs = (MANYFEST, "inspect", "-f", "names", "--help")
    readers = (reader for reader in RIVALS if reader.tool != "buildah")
    contenders = (
        Contender("manyfest inspect -f", needs, inspect_file, write_names),
        OURS.one_by_one(),
        *(reader.one_by_one() for reader in readers),
    )
    title = f"the manifests of {_MANY} references"
    return Case("inspect-1000", title, contenders, 50, runs=3, prepare=alike_images(_MANY))


def one(rtt: int, *, tls: bool) -> Case:
    """Return the case of a list, ``rtt`` ms away, with nothing in the store."""
    aim = Target(EMPTY.tool, 1, _OVER_EMPTY) if rtt else None
    contenders = (OURS.once(aim), *(reader.once() for reader in RIVALS), EMPTY)
    name = f"inspect-list-{rtt}ms{'-tls' if tls else ''}"
    title = f"one list of {_LISTED} images, inspected"
    return Case(name, title, contenders, rtt, 9, image_list(_LISTED), tls=tls)


def kept(place: Place) -> None:
    for command in OURS.commands(place):
        place.run(command)


def cached(option: str, *arguments: str, aim: Target | None = None) -> Contender:
    """Return our command, which finds all in the store."""
    reader = Reader(option, OURS.needs, (*OURS.command, *arguments))
    return Contender(option, OURS.needs, reader.commands, kept, aim=aim)


def in_the_store() -> Case:
    """Return the case of a list that was seen before and needs no request."""
    contenders = (
        cached(_OFFLINE, "--offline"),
        cached("manyfest inspect --max-age 1h", "--max-age", "1h", aim=Target(_OFFLINE, 1.15)),
        EMPTY,
    )
    title = f"one list of {_LISTED} images that is in the store, inspected"
    return Case(
        "inspect-cached",
        title,
        contenders,
        rtt=50,
        runs=15,
        prepare=image_list(_LISTED),
        warm=True,
        baseline=_OFFLINE,
    )


CASES = (*(one(rtt, tls=tls) for rtt in (0, 50) for tls in (False, True)), in_the_store(), many())
