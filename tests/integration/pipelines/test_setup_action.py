"""The action that installs: from a copy of the tree, with no index, into a runner's folder."""

import shutil
import sqlite3
import sysconfig
from pathlib import Path

import pytest

from manyfest.domain.version import VERSION
from tests.integration.pipelines.conftest import Site
from tests.support.pipelines.github_job import GithubJob, StepFailedError, Values

ROOT = Path(__file__).parents[3]
NOT_INSTALLED = ("__pycache__", ".*", "tests", "*.egg-info", "build")


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of the tree: a build in the tree itself would leave traces."""
    copy = tmp_path / "checkout with spaces"
    shutil.copytree(ROOT, copy, ignore=shutil.ignore_patterns(*NOT_INSTALLED))
    shutil.copytree(ROOT / "tests" / "contracts", copy / "tests" / "contracts")
    return copy


@pytest.fixture
def job(site: Site) -> GithubJob:
    """A runner without an index: pip builds with what is installed here, and takes nothing else."""
    caches: list[Values] = []

    def cache(job: GithubJob, inputs: Values) -> Values:
        caches.append(inputs)
        return {}

    job = site.job(**{"actions/cache": cache})
    job.contexts |= {"github": {"run_id": "7", "run_attempt": "1", "job": "publish"}}
    job.contexts["caches"] = caches
    job.environment |= {
        "PIP_NO_INDEX": "1",
        "PIP_NO_DEPS": "1",
        "PIP_NO_BUILD_ISOLATION": "0",  # pip reads the variable the other way round
        "PYTHONPATH": sysconfig.get_path("purelib"),
    }
    return job


def test_it_installs_a_checkout_and_later_steps_find_it(job: GithubJob, checkout: Path) -> None:
    outputs = job.use("setup", {"path": str(checkout)})
    store = job.temp / "manyfest" / "store" / "store.db"
    assert outputs == {"version": VERSION, "store": str(store)}
    create = "manyfest create oci:site:1 oci:manyfest-demo/images:amd64"
    job.run([{"run": f"command -v manyfest; manyfest demo >/dev/null; {create}"}])
    assert job.log.splitlines()[0] == str(job.temp / "manyfest" / "bin" / "manyfest")
    assert store.exists()
    assert job.contexts["caches"] == [
        {
            "path": str(store.parent),
            "key": "manyfest-store-Linux-7-1-publish-",
            "restore-keys": "manyfest-store-Linux-",
        }
    ]


@pytest.fixture
def installed(job: GithubJob, monkeypatch: pytest.MonkeyPatch) -> GithubJob:
    """A job whose Python makes virtual environments that have our program already."""
    python = job.temp / "python"
    python.write_text(
        _PYTHON.format(program=shutil.which("manyfest", path=job.environment["PATH"]))
    )
    python.chmod(0o755)
    return job


_PYTHON = """\
#!/bin/sh
[ "$1" = -c ] && exit "${{TOO_OLD:-0}}"
[ "$2" = venv ] || {{ printf '%s\\n' "$@" >"$RUNNER_TEMP/pip"; exit 0; }}
mkdir -p "$3/bin"
ln -s "{program}" "$3/bin/manyfest"
cp "$0" "$3/bin/python"
"""


def test_the_commit_of_the_action_is_installed_by_default(installed: GithubJob) -> None:
    installed.use("setup", {"python": str(installed.temp / "python")})
    assert (installed.temp / "pip").read_text().splitlines()[-1] == str(ROOT)


def test_a_version_comes_from_the_index(installed: GithubJob) -> None:
    installed.use("setup", {"python": str(installed.temp / "python"), "version": "0.2.0"})
    assert (installed.temp / "pip").read_text().splitlines()[-1] == "manyfest==0.2.0"


@pytest.mark.parametrize(
    ("inputs", "reason"),
    [
        ({"version": "1.0", "path": "."}, "version and path exclude each other"),
        ({"version": "1.0 --index-url=http://evil.example"}, "version is no version"),
        ({"version": "$(touch stolen)"}, "version is no version"),
        ({"path": "--index-url=http://evil.example"}, "path does not exist"),
        ({"path": "$(touch stolen)"}, "path does not exist"),
        ({"path": "`touch stolen`'\";touch stolen"}, "path does not exist"),
    ],
)
def test_other_inputs_are_refused_before_anything_is_installed(
    installed: GithubJob, inputs: Values, reason: str
) -> None:
    with pytest.raises(StepFailedError) as failed:
        installed.use("setup", {"python": str(installed.temp / "python"), **inputs})
    assert failed.value.code == 2
    assert f"::error::{reason}" in failed.value.log
    assert not (installed.temp / "manyfest").exists()
    assert not list(installed.workspace.rglob("stolen"))


def test_a_python_that_is_too_old_is_named(installed: GithubJob) -> None:
    installed.environment["TOO_OLD"] = "1"
    with pytest.raises(StepFailedError, match="needs Python 3.11"):
        installed.use("setup", {"python": str(installed.temp / "python")})


def test_a_store_that_cannot_be_used_is_replaced(installed: GithubJob) -> None:
    store = installed.temp / "manyfest" / "store" / "store.db"
    store.parent.mkdir(parents=True)
    store.write_bytes(b"no database" * 1000)
    installed.use("setup", {"python": str(installed.temp / "python")})
    assert "::warning::the store of an earlier run cannot be used" in installed.log
    assert list(store.parent.iterdir()) == []


def test_a_store_that_was_restored_is_kept(installed: GithubJob) -> None:
    store = installed.temp / "manyfest" / "store" / "store.db"
    store.parent.mkdir(parents=True)
    installed.environment["MANYFEST_STORE"] = str(store)
    installed.run(
        [{"run": "manyfest demo >/dev/null && manyfest cache fetch oci:manyfest-demo/site:v1"}]
    )
    installed.use("setup", {"python": str(installed.temp / "python")})
    assert "::warning::" not in installed.log
    with sqlite3.connect(store) as database:
        assert database.execute("SELECT count(*) FROM manifests").fetchone() != (0,)


def test_without_a_cache_nothing_is_restored(installed: GithubJob) -> None:
    installed.use("setup", {"python": str(installed.temp / "python"), "cache": "false"})
    assert installed.contexts["caches"] == []
    assert list((installed.temp / "manyfest" / "store").iterdir()) == []
