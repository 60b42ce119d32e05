"""The crontab and the units of the recipe for watching images, run by a shell and by hand."""

import re
import shlex
import subprocess
from configparser import ConfigParser
from pathlib import Path

import pytest

from manyfest.contracts.images import oci_image
from tests.integration.pipelines.conftest import AMD, Site
from tests.support.pipelines.recipes import blocks_of
from tests.support.programs.waiting import wait_until

PAGE = Path(__file__).parents[3] / "docs" / "recipes" / "watching.md"
BLOCKS = blocks_of(PAGE)
(COMPOSE,) = (block.text for block in BLOCKS if block.language == "yaml")
(CRONTAB,) = (block.text for block in BLOCKS if block.language == "text")
UNITS = [block.text for block in BLOCKS if block.language == "ini"]
APP = "ghcr.io/acme/app:1.4.0-amd64"
MOVED = oci_image("linux/amd64", text="moved")


@pytest.fixture
def watched(site: Site) -> Site:
    """The file of the recipe, and the image that it names."""
    (site.folder / "compose.yaml").write_text(COMPOSE)
    site.seed(APP, AMD)
    return site


def test_cron_mails_news_and_errors_and_nothing_else(watched: Site) -> None:
    assert _printed_by_cron(watched) == ""
    watched.seed(APP, MOVED)
    assert "1 of 1 outdated" in _printed_by_cron(watched)
    assert _printed_by_cron(watched) == ""
    (watched.folder / "compose.yaml").unlink()
    assert "compose.yaml" in _printed_by_cron(watched)


def test_the_service_touches_the_file_that_starts_the_update(watched: Site) -> None:
    service, path = map(_parsed, UNITS)
    command = service["Service"]["ExecStart"].replace("--every 10m", "--every 1s")
    name, _, store = service["Service"]["Environment"].partition("=")
    folders = {"%S": "state", "/run/manyfest": "run", "/srv/app/": "", "/usr/local/bin/": ""}
    for ours, theirs in folders.items():
        command, store = command.replace(ours, theirs), store.replace(ours, theirs)
    (watched.folder / "run").mkdir()
    moved = watched.folder / "run" / Path(path["Path"]["PathModified"]).name
    environment = watched.environment | {name: store}
    environment["PATH"] = environment["PATH"].partition(":")[2]  # no fork of another
    with subprocess.Popen(
        shlex.split(command),
        cwd=watched.folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    ) as running:
        wait_until(lambda: _has_seen(watched, store), running)
        assert not moved.exists()
        watched.seed(APP, MOVED)
        wait_until(moved.exists, running)
        running.terminate()


def test_the_units_keep_the_store_and_start_with_the_machine() -> None:
    service, path = map(_parsed, UNITS)
    rows = service["Service"]
    assert (rows["DynamicUser"], rows["StateDirectory"]) == ("yes", "manyfest")
    assert rows["Environment"] == "MANYFEST_STORE=%S/manyfest/store.db"
    assert path["Path"]["PathModified"].startswith(f"/run/{rows['RuntimeDirectory']}/")
    assert {unit["Install"]["WantedBy"] for unit in (service, path)} == {"multi-user.target"}


def _printed_by_cron(site: Site) -> str:
    """The output of the line's command, which is what cron mails, if there is any."""
    (line,) = re.findall(r"^[\d* ]+ (news=.*)$", CRONTAB, re.MULTILINE)
    command = line.replace("/usr/local/bin/", "").replace("/srv/app/", "")
    ended = site.run("sh", "-c", command)
    return ended.stdout.decode() + ended.stderr


def _has_seen(site: Site, store: str) -> bool:
    """Whether the service has recorded the tag."""
    asked = site.run("env", f"MANYFEST_STORE={store}", "manyfest", "history", APP)
    return asked.code == 0 and AMD.digest.hex in asked.stdout.decode()


def _parsed(unit: str) -> ConfigParser:
    parser = ConfigParser(interpolation=None)
    parser.optionxform = str  # type: ignore[assignment, method-assign]
    parser.read_string(unit)
    return parser
