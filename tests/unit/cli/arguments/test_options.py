from collections.abc import Sequence
from datetime import timedelta

import pytest

from manyfest.cli.arguments.options import (
    CONNECTION,
    FRESHNESS,
    OFFLINE,
    AsJson,
    docker_command,
    parse_size,
)
from manyfest.cli.process import pflag
from manyfest.cli.process.pflag import UsageError
from manyfest.cli.settings import CommonOptions
from manyfest.domain.errors import InputError


@docker_command("copy", "SRC DST", 2, 2, options=CONNECTION | OFFLINE)
def copy(names: Sequence[str], options: CommonOptions, *, as_json: AsJson = False) -> None:
    """Copy it."""
    seen.append((names, options, as_json))


@docker_command("rm", "LIST [LIST...]", 1)
def remove(names: Sequence[str]) -> None:
    seen.append(names)


seen: list[object] = []


def run(command, *arguments: str) -> object:
    seen.clear()
    command.run(pflag.parse(arguments, command.flags), "manyfest test")
    return seen[0]


def test_own_options_come_before_the_shared_ones_in_their_order():
    shared = ["offline", "insecure", "authfile", "creds", "jobs", "timeout"]
    assert [parameter.keyword for parameter in copy.parameters] == ["as_json", *shared]
    assert copy.doc == "Copy it."


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
    with pytest.raises(UsageError) as refused:
        run(command, *arguments)
    assert str(refused.value) == f"{refusal} (usage: manyfest test {command.metavar})"


@docker_command("look", "MANIFEST", options=FRESHNESS | CONNECTION)
def look(names: Sequence[str], options: CommonOptions) -> None:
    seen.append(options)


@docker_command("count", "")
def count(*, as_json: AsJson = False) -> None:
    seen.append(as_json)


def test_a_variable_stands_for_an_option_that_is_not_given(monkeypatch):
    monkeypatch.setenv("MANYFEST_MAX_AGE", "1h30m")
    monkeypatch.setenv("MANYFEST_STALE_IF_ERROR", "yes")
    monkeypatch.setenv("MANYFEST_TIMEOUT", "2.5")
    monkeypatch.setenv("MANYFEST_JOBS", "7")
    assert run(look, "--jobs=8", "a") == CommonOptions(
        max_age=timedelta(minutes=90), stale_if_error=True, timeout=2.5, jobs=8
    )


def test_a_switch_that_is_given_as_false_outdoes_the_variable(monkeypatch):
    monkeypatch.setenv("MANYFEST_STALE_IF_ERROR", "1")
    assert run(look, "--stale-if-error=false", "a") == CommonOptions()


def test_an_empty_variable_is_none(monkeypatch):
    monkeypatch.setenv("MANYFEST_JOBS", "")
    assert run(look, "a") == CommonOptions()


@pytest.mark.parametrize(
    ("name", "text", "refusal"),
    [
        ("JOBS", "0", "MANYFEST_JOBS wants a whole number from 1 to 256, not '0'"),
        ("JOBS", "257", "MANYFEST_JOBS wants a whole number from 1 to 256, not '257'"),
        ("JOBS", "x", "MANYFEST_JOBS wants a whole number from 1 to 256, not 'x'"),
        ("TIMEOUT", "nan", "MANYFEST_TIMEOUT wants seconds or a time such as 10s or 2m, not 'nan'"),
        ("TIMEOUT", "-1", "MANYFEST_TIMEOUT wants seconds or a time such as 10s or 2m, not '-1'"),
        ("MAX_AGE", "x", "MANYFEST_MAX_AGE wants a time such as 90s, 10m, 2h, 1d, not 'x'"),
    ],
)
def test_a_value_that_cannot_be_used_is_refused_with_the_name_of_its_source(
    monkeypatch, name, text, refusal
):
    monkeypatch.setenv(f"MANYFEST_{name}", text)
    with pytest.raises(InputError) as refused:
        run(look, "a")
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
    assert parse_size(text, "--chunk-size") == size


def test_a_command_without_arguments_refuses_them_before_it_runs():
    assert run(count, "--json") is True
    with pytest.raises(UsageError, match="'manyfest test' accepts no arguments"):
        run(count, "a")
