"""Text from outside: no controls on a terminal or in CSV, and docker's bytes in pipes."""

import csv
import io
import json
import re

import pytest
from attrs import evolve

from manyfest.adapters.oci_layout.registry import LayoutRegistry
from manyfest.contracts.images import oci_image, oci_index, push_image
from manyfest.domain.references import Layout, Reference
from tests.support.programs.docker_client import CommandLine
from tests.support.programs.terminal import on_terminal

# Clear the screen by C0 and by C1, DEL, a line's start, and the order of text turned round.
HOSTILE = "a\x1b[2J\x9b2J\x7f\r\u202e\u2066\u200f\u061c\u2028z"
CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")

# What the program itself writes to a terminal that shows colours: whole, and nothing between.
STYLE = re.compile("\x1b\\[(?:0|1|2|31|32|33|1;31|1;33|1;36)m")


@pytest.fixture(autouse=True)
def layout(tmp_path, monkeypatch):
    """A list of one image in ``oci:app:list``, both with hostile annotations."""
    monkeypatch.chdir(tmp_path)
    image = oci_image(annotations={"who": HOSTILE})
    content = oci_index(image, annotations={HOSTILE: HOSTILE})
    data = json.dumps(json.loads(content.manifest.data), ensure_ascii=False).encode()
    content = evolve(content, manifest=evolve(content.manifest, data=data))
    push_image(LayoutRegistry(), Reference(Layout(str(tmp_path / "app")), "list"), content)
    return content


COMMANDS = {
    "inspect": ["inspect", "oci:app:list"],
    "inspect -v": ["inspect", "-v", "oci:app:list"],
    "show": ["show", "--annotations", "oci:app:list"],
    "show --json": ["show", "--json", "oci:app:list"],
    "show an image": ["show", "--annotations", "--platform", "linux/amd64", "oci:app:list"],
    "show a draft": ["show", "oci:app:draft"],
    "tags": ["tags", "--long", "oci:app"],
    "inspect -f": ["inspect", "-f", "names"],
    "inspect a draft": ["inspect", "oci:app:draft"],
    "verify": ["verify", "oci:app:list"],
    "verify --json": ["verify", "--json", "oci:app:list"],
    "diff": ["diff", "oci:app:list", "oci:app:draft"],
    "diff --json": ["diff", "--json", "oci:app:list", "oci:app:draft"],
    "ls": ["ls"],
    "ls --json": ["ls", "--json"],
    "history --json": ["history", "--json", "oci:app:list"],
    "an error": ["inspect", "oci:app:\x1b[2J\u202e"],
    "query": ["cache", "query", "SELECT name, value FROM annotations"],
    "query --json": ["cache", "query", "--json", "SELECT name, value FROM annotations"],
    "query --csv": ["cache", "query", "--csv", "SELECT name, value FROM annotations"],
}
DOCKERS = ("inspect", "inspect -v", "inspect a draft")


@pytest.fixture
def used(tmp_path, manyfest: CommandLine):
    """The list in the cache, and a draft of it."""
    (tmp_path / "names").write_text("oci:app:list\n")
    for command in (
        ["cache", "fetch", "oci:app:list"],
        ["create", "oci:app:draft", "oci:app:list"],
        ["annotate", "--index", "--annotation", f"who={HOSTILE}", "oci:app:draft"],
    ):
        done = manyfest(*command)
        assert done.code == 0, done


@pytest.mark.usefixtures("used")
@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)
def test_no_control_reaches_a_terminal(command):
    shown = on_terminal(*command)
    assert shown
    assert CONTROLS.findall(STYLE.sub("", shown)) == []


@pytest.mark.usefixtures("used")
@pytest.mark.parametrize("name", [name for name in COMMANDS if name not in DOCKERS])
def test_no_control_but_line_ends_of_cells_is_in_what_only_we_print(manyfest: CommandLine, name):
    done = manyfest(*COMMANDS[name])
    shown = (done.stdout.decode() + done.stderr).replace("\r", "" if "csv" in name else "\r")
    assert shown
    assert CONTROLS.findall(shown) == []


@pytest.mark.usefixtures("used")
def test_escapes_are_jsons_own(manyfest: CommandLine, layout):
    piped = json.loads(manyfest("inspect", "oci:app:list").stdout)
    assert json.loads(on_terminal("inspect", "oci:app:list")) == piped
    assert piped["annotations"] == {HOSTILE: HOSTILE}
    (line,) = manyfest("inspect", "-f", "names").stdout.splitlines()
    assert json.loads(line)["manifest"] == json.loads(layout.manifest.data)


@pytest.mark.usefixtures("used")
def test_a_pipe_has_the_documents_own_characters(manyfest: CommandLine, layout):
    shown = manyfest("inspect", "oci:app:list").stdout.decode()
    kept = [char for char in ("\x7f", "\x9b", "\u202e", "\u2066") if char in shown]
    original = layout.manifest.data.decode()
    assert kept == [char for char in ("\x7f", "\x9b", "\u202e", "\u2066") if char in original]
    assert manyfest("inspect", "--raw", "oci:app:list").stdout == layout.manifest.data


@pytest.mark.usefixtures("used")
def test_a_cell_of_csv_has_its_line_ends(manyfest: CommandLine):
    query = "SELECT 'a' || char(13, 10, 9) || 'b' || char(155) || char(27)"
    shown = manyfest("cache", "query", "--csv", query).stdout.decode()
    assert [*csv.reader(io.StringIO(shown, newline=""))][1] == ["a\r\n\tb\\u009b\\u001b"]
