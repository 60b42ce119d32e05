"""Benchmark: local commands as whole processes, beside an empty typer program."""

from collections.abc import Callable, Iterable

from tests.benchmarks.jobs.empty_program import EMPTY
from tests.benchmarks.jobs.seed import images
from tests.benchmarks.measuring.cases import MANYFEST, Case, Command, Contender, Place
from tests.benchmarks.measuring.measurements import Target

_IMAGES = 2


def draft_name(place: Place) -> str:
    return f"{place.site.far}/{place.site.repository}:draft"


def docker_draft(place: Place) -> None:
    names = (draft_name(place), *place.site.images(_IMAGES))
    place.run(("docker", "manifest", "create", "--insecure", *names))


def our_draft(place: Place) -> None:
    place.run((MANYFEST, "create", draft_name(place), *place.site.images(_IMAGES)))


def on_the_draft(*command: str) -> Callable[[Place], Iterable[Command]]:
    return lambda place: ((*command, draft_name(place)),)


def annotate(*command: str) -> Callable[[Place], Iterable[Command]]:
    """Annotate with another variant in each run, so that each run writes."""
    return lambda place: (
        (*command, "--variant", f"v{place.number}", draft_name(place), place.site.image(0)),
    )


def ours(arguments: str, commands: Callable[[Place], Iterable[Command]]) -> Contender:
    aim = Target(EMPTY.tool, 1.3)
    return Contender(f"manyfest {arguments}", (MANYFEST, "--version"), commands, our_draft, aim=aim)


def dockers(arguments: str, commands: Callable[[Place], Iterable[Command]]) -> Contender:
    tool = f"docker manifest {arguments}"
    return Contender(tool, ("docker", "--version"), commands, docker_draft)


CASES = (
    Case(
        "start-up",
        "local commands, whole processes",
        (
            EMPTY,
            ours("--version", lambda _: ((MANYFEST, "--version"),)),
            ours("ls", lambda _: ((MANYFEST, "ls"),)),
            ours("inspect DRAFT", on_the_draft(MANYFEST, "inspect")),
            ours(
                "inspect --offline IMAGE",
                lambda place: ((MANYFEST, "inspect", "--offline", place.site.image(0)),),
            ),
            ours("annotate", annotate(MANYFEST, "annotate")),
            dockers("inspect DRAFT", on_the_draft("docker", "manifest", "inspect")),
            dockers("annotate", annotate("docker", "manifest", "annotate")),
        ),
        runs=21,
        prepare=images(_IMAGES),
        warm=True,
        baseline=EMPTY.tool,
    ),
)
