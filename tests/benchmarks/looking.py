"""Looking at many images."""

from collections.abc import Callable, Iterable

from tests.benchmarks.cases import MANYFEST, Case, Command, Contender, Place
from tests.benchmarks.seeding import alike_images

_MANY = 1000
_SOME = 10  # what those look at that need a process for each


def write_names(place: Place) -> None:
    names = place.site.images(_MANY)
    (place.home / "names").write_text("".join(f"{name}\n" for name in names))


def inspect_file(place: Place) -> Iterable[Command]:
    return ((MANYFEST, "inspect", "-f", str(place.home / "names")),)


def sequential(*command: str, scheme: str = "") -> Callable[[Place], Iterable[Command]]:
    """A process for each."""
    return lambda place: [(*command, f"{scheme}{name}") for name in place.site.images(_SOME)]


def looper(tool: str, needs: Command, *command: str, scheme: str = "") -> Contender:
    return Contender(tool, needs, sequential(*command, scheme=scheme), scale=_MANY // _SOME)


_SKOPEO = ("skopeo", "inspect", "--raw", "--tls-verify=false")

CASES = (
    Case(
        "inspect-1000",
        f"the manifests of {_MANY} references",
        (
            looper(
                "docker", ("docker", "--version"), "docker", "manifest", "inspect", "--insecure"
            ),
            Contender(
                "manyfest inspect -f",
                (MANYFEST, "inspect", "-f", "names", "--help"),
                inspect_file,
                write_names,
            ),
            looper("manyfest inspect", (MANYFEST, "--version"), MANYFEST, "inspect"),
            looper("skopeo", ("skopeo", "--version"), *_SKOPEO, scheme="docker://"),
            looper("crane", ("crane", "version"), "crane", "manifest", "--insecure"),
        ),
        rtt=50,
        runs=3,
        prepare=alike_images(_MANY),
    ),
)
