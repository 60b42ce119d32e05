"""Benchmark: inspect many images."""

from collections.abc import Callable, Iterable

from tests.benchmarks.cases import MANYFEST, Case, Command, Contender, Place
from tests.benchmarks.seed import alike_images

_MANY = 1000
_SOME = 10  # references for tools that need a process for each


def write_names(place: Place) -> None:
    names = place.site.images(_MANY)
    (place.home / "names").write_text("".join(f"{name}\n" for name in names))


def inspect_file(place: Place) -> Iterable[Command]:
    return ((MANYFEST, "inspect", "-f", str(place.home / "names")),)


def sequential(*command: str, scheme: str = "") -> Callable[[Place], Iterable[Command]]:
    """Return commands for a process per reference."""
    return lambda place: [(*command, f"{scheme}{name}") for name in place.site.images(_SOME)]


def one_by_one(tool: str, needs: Command, *command: str, scheme: str = "") -> Contender:
    return Contender(tool, needs, sequential(*command, scheme=scheme), scale=_MANY // _SOME)


_SKOPEO = ("skopeo", "inspect", "--raw", "--tls-verify=false")

CASES = (
    Case(
        "inspect-1000",
        f"the manifests of {_MANY} references",
        (
            one_by_one(
                "docker", ("docker", "--version"), "docker", "manifest", "inspect", "--insecure"
            ),
            Contender(
                "manyfest inspect -f",
                (MANYFEST, "inspect", "-f", "names", "--help"),
                inspect_file,
                write_names,
            ),
            one_by_one("manyfest inspect", (MANYFEST, "--version"), MANYFEST, "inspect"),
            one_by_one("skopeo", ("skopeo", "--version"), *_SKOPEO, scheme="docker://"),
            one_by_one("crane", ("crane", "version"), "crane", "manifest", "--insecure"),
        ),
        rtt=50,
        runs=3,
        prepare=alike_images(_MANY),
    ),
)
