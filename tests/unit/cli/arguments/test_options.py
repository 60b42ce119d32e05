from collections.abc import Sequence
from inspect import signature

import pytest
import typer

from manyfest.cli.arguments.options import CONNECTION, OFFLINE, AsJson, docker_command, parse_size
from manyfest.cli.process.pflag import ArgumentCountError
from manyfest.cli.settings import CommonOptions


@docker_command("copy", "SRC DST", 2, 2, options=CONNECTION | OFFLINE)
def copy(names: Sequence[str], options: CommonOptions, *, as_json: AsJson = False) -> None:
    """Copy it."""
    seen.append((names, options, as_json))


@docker_command("rm", "LIST [LIST...]", 1)
def remove(names: Sequence[str]) -> None:
    seen.append(names)


seen: list[object] = []


def run(command, *arguments: str) -> object:
    app = typer.Typer(add_completion=False, rich_markup_mode=None)
    app.command()(command)
    seen.clear()
    typer.main.get_command(app).main(list(arguments), standalone_mode=False)
    return seen[0]


def test_typer_reads_the_arguments_then_own_options_then_the_shared_ones_in_their_order():
    shared = ["offline", "insecure", "jobs", "timeout"]
    assert list(signature(copy).parameters) == ["arguments", "as_json", *shared]
    assert copy.__doc__ == "Copy it."


def test_a_command_is_handed_names_and_one_value_for_the_shared_options():
    names, options, as_json = run(copy, "--jobs=3", "--offline", "--json", "a", "b")
    assert (list(names), as_json) == (["a", "b"], True)
    assert options == CommonOptions(offline=True, jobs=3)


def test_options_that_are_not_given_are_the_defaults():
    assert run(copy, "a", "b")[1] == CommonOptions()


def test_a_command_without_shared_options_takes_names_alone():
    assert list(run(remove, "a", "b")) == ["a", "b"]


@pytest.mark.parametrize(
    ("command", "arguments", "refusal"),
    [
        (copy, ["a"], "'manyfest copy' requires 2 arguments"),
        (copy, ["a", "b", "c"], "'manyfest copy' requires 2 arguments"),
        (remove, [], "'manyfest rm' requires at least 1 argument"),
    ],
)
def test_a_wrong_number_of_arguments_is_refused_in_dockers_words(command, arguments, refusal):
    with pytest.raises(ArgumentCountError) as refused:
        run(command, *arguments)
    assert str(refused.value) == refusal


SIZES = {
    "50MB": 50_000_000,
    "64MiB": 64 * 1024**2,
    "64mib": 64 * 1024**2,
    "1k": 1000,
    "2Ki": 2048,
    "1GB": 10**9,
    "1048576": 1_048_576,
    "7B": 7,
}


@pytest.mark.parametrize(("text", "size"), SIZES.items())
def test_sizes_are_read_as_people_write_them(text, size):
    assert parse_size(text) == size
