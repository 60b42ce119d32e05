"""Benchmark: local commands as whole processes, beside an empty typer program."""

import sys
from collections.abc import Callable, Iterable

from tests.benchmarks.cases import MANYFEST, Case, Command, Contender, Place, Site
from tests.benchmarks.measurements import Row
from tests.benchmarks.seed import images

_EMPTY = "typer, one empty command"
_PROGRAM = """\
import typer

app = typer.Typer()


@app.command()
def main() -> None:
    pass


app()
"""
_IMAGES = 2


def prepare(site: Site) -> Iterable[Row]:
    """Push the images of a draft, and write the program that does nothing."""
    (site.folder / "empty.py").write_text(_PROGRAM)
    return images(_IMAGES)(site)


def empty(place: Place) -> Iterable[Command]:
    return ((sys.executable, str(place.site.folder / "empty.py")),)


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
    return Contender(f"manyfest {arguments}", (MANYFEST, "--version"), commands, our_draft)


def dockers(arguments: str, commands: Callable[[Place], Iterable[Command]]) -> Contender:
    tool = f"docker manifest {arguments}"
    return Contender(tool, ("docker", "--version"), commands, docker_draft)


CASES = (
    Case(
        "start-up",
        "local commands, whole processes",
        (
            Contender(_EMPTY, (sys.executable, "--version"), empty),
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
        prepare=prepare,
        warm=True,
        baseline=_EMPTY,
    ),
)
