"""Notes on stderr: each change of a draft says what it did, and warns of what it leads to."""

from pathlib import Path

import pytest

from manyfest.adapters.oci_layout.registry import LayoutRegistry
from manyfest.contracts.images import oci_image, push_image
from manyfest.domain.references import Layout, Reference
from tests.support.programs.docker_client import CommandLine


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, manyfest: CommandLine) -> Path:
    """A folder with the layout ``app``, and the draft ``oci:app:draft`` of its images a and b."""
    monkeypatch.chdir(tmp_path)
    for tag, platform in {"a": "linux/amd64", "b": "linux/arm64"}.items():
        name = Reference(Layout(str(tmp_path / "app")), tag)
        push_image(LayoutRegistry(), name, oci_image(platform))
    assert manyfest("create", "oci:app:draft", "oci:app:a", "oci:app:b").code == 0
    return tmp_path


def lines(manyfest: CommandLine, *words: str, code: int = 0) -> list[str]:
    """Run a command that prints nothing to stdout; return its lines on stderr."""
    result = manyfest(*words)
    assert (result.code, result.stdout) == (code, b"")
    return result.stderr.splitlines()


def test_annotating_names_the_entry(folder: Path, manyfest: CommandLine) -> None:
    (line,) = lines(manyfest, "annotate", "oci:app:draft", "oci:app:b", "--variant", "v8")
    assert line.startswith("note: annotated linux/arm64/v8 (oci:")


def test_annotating_the_list_names_it(folder: Path, manyfest: CommandLine) -> None:
    (line,) = lines(manyfest, "annotate", "--index", "--annotation", "a=b", "oci:app:draft")
    assert line == f"note: annotated the list oci:{folder}/app:draft"


def test_annotating_nothing_of_the_list_is_an_error_of_usage(
    folder: Path, manyfest: CommandLine
) -> None:
    (line,) = lines(manyfest, "annotate", "--index", "oci:app:draft", code=2)
    assert line.startswith("error: there is nothing to change: give --os")


@pytest.mark.parametrize("options", [[], ["--os", "", "--variant="]], ids=["none", "empty"])
def test_annotating_nothing_of_an_entry_warns_and_succeeds_as_docker_does(
    folder: Path, manyfest: CommandLine, options: list[str]
) -> None:
    (line,) = lines(manyfest, "annotate", "oci:app:draft", "oci:app:a", *options)
    assert line.startswith("warning: there is nothing to change: give --os")
    (missing,) = lines(manyfest, "annotate", "oci:app:draft", "oci:app:none", code=3)
    assert missing.startswith("error: manifest for image oci:app:none does not exist in oci:app:dr")


def test_dropping_says_how_many_remain_and_warns_of_none(
    folder: Path, manyfest: CommandLine
) -> None:
    (first,) = lines(manyfest, "drop", "oci:app:draft", "linux/arm64")
    assert first == f"note: oci:{folder}/app:draft has 1 entry now"
    (last,) = lines(manyfest, "drop", "oci:app:draft", "linux/amd64")
    assert last.startswith(f"warning: oci:{folder}/app:draft has no entries now")


def test_adding_says_what_has_changed(folder: Path, manyfest: CommandLine) -> None:
    (again,) = lines(manyfest, "add", "oci:app:draft", "oci:app:a")
    assert again == f"note: unchanged: oci:{folder}/app:draft has 2 entries already"
    push_image(
        LayoutRegistry(), Reference(Layout(str(folder / "app")), "c"), oci_image("linux/s390x")
    )
    (more,) = lines(manyfest, "add", "oci:app:draft", "oci:app:c")
    assert more == f"note: oci:{folder}/app:draft has 3 entries now, before 2"


def test_entries_for_one_platform_are_named_as_they_were_given(
    folder: Path, manyfest: CommandLine
) -> None:
    image = oci_image("linux/amd64", text="another")
    push_image(LayoutRegistry(), Reference(Layout(str(folder / "app")), "d"), image)
    warnings = manyfest("create", "oci:n:1", "oci:app:a", "oci:app:d").stderr.splitlines()
    first, second = f"oci:{folder}/app:a", f"oci:{folder}/app:d"
    named = f"warning: two entries are for linux/amd64: {first} and {second}"
    advice = "clients take the first; --replace keeps the later, --strict refuses"
    assert f"{named} ({advice})" in warnings


def test_locking_names_the_file(folder: Path, manyfest: CommandLine) -> None:
    (folder / "spec.yaml").write_text(
        "image: oci:app:out\nmanifests:\n  - image: oci:app:a\n"
        "    platform: {os: linux, architecture: amd64}\n"
    )
    assert lines(manyfest, "lock", "spec.yaml") == ["note: wrote spec.yaml.lock"]


def test_a_file_of_another_program_is_no_spec(folder: Path, manyfest: CommandLine) -> None:
    (folder / "compose.yaml").write_text("services:\n  web:\n    image: app\n")
    (line,) = lines(manyfest, "apply", "compose.yaml", code=2)
    assert (
        line == "error: compose.yaml: not a manifest-tool spec: it has neither image nor manifests"
    )


def test_a_variable_that_is_no_boolean_is_an_error_of_usage(
    folder: Path, manyfest: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MANYFEST_OFFLINE", "maybe")
    (line,) = lines(manyfest, "ls", code=2)
    assert line == "error: MANYFEST_OFFLINE: expected 1 or 0, not 'maybe'"
