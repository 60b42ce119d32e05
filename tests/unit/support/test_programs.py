"""Missing programs skip a test, and no skip goes unnoticed where skipping is forbidden."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.programs.docker_client import CommandLine
from tests.support.programs.programs import NO_SKIP, require_program

ROOT = Path(__file__).parents[3]
MISSING = "no-such-program"
# for a pytest with no plugins but ours, which starts in a third of the time
ALONE = {"PYTHONPATH": str(ROOT), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}


def test_an_installed_program_is_found():
    assert Path(require_program("sh")).is_absolute()


def test_a_missing_program_skips_the_test(monkeypatch):
    monkeypatch.delenv(NO_SKIP, raising=False)
    with pytest.raises(pytest.skip.Exception, match=MISSING):
        require_program(MISSING)


def test_a_missing_program_fails_the_test_where_skipping_is_forbidden(monkeypatch):
    monkeypatch.setenv(NO_SKIP, "1")
    with pytest.raises(pytest.fail.Exception, match=MISSING):
        require_program(MISSING)


SKIPPING = {
    "in a test": "import pytest\ndef test_it(): pytest.skip('no')\n",
    "of a file": "import pytest\npytest.importorskip('no_such_module')\ndef test_it(): pass\n",
}
XFAIL = "import pytest\n@pytest.mark.xfail\ndef test_it(): assert False\n"
RUNS = {
    **{f"a skip {name}, forbidden": ([text], "1", True) for name, text in SKIPPING.items()},
    "skips, allowed": (list(SKIPPING.values()), "", False),
    "an expected failure, which is none": ([XFAIL], "1", False),
}


# Imports what takes long once, then runs pytest in a fork for each folder.
_FORKS = f"""
import json, os, sys
import hypothesis, pytest
import tests.support.programs.forked, tests.support.stores.postgres_server
codes = []
for folder, forbidden in json.loads(sys.argv[1]):
    if child := os.fork():
        codes.append(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
        continue
    os.environ[{NO_SKIP!r}] = forbidden
    options = ["-p", "tests.conftest", "-p", "no:cacheprovider", "-c", os.devnull]
    code = pytest.main([*options, "--rootdir", folder, folder])
    sys.stdout.flush()
    os._exit(code)
print(json.dumps(codes))
"""


@pytest.fixture(scope="module")
def codes(tmp_path_factory):
    """The exit code of each of RUNS."""
    runs = []
    for texts, forbidden, _ in RUNS.values():
        runs.append((str(tmp_path_factory.mktemp("run")), forbidden))
        for number, text in enumerate([*texts, "def test_other(): pass\n"]):
            Path(runs[-1][0], f"test_{number}.py").write_text(text)
    ended = subprocess.run(
        [sys.executable, "-c", _FORKS, json.dumps(runs)],
        cwd=ROOT,
        env={**os.environ, **ALONE},
        capture_output=True,
        check=True,
        timeout=300,  # a pytest of its own starts slowly on a busy machine
    )
    *_, told = ended.stdout.splitlines()
    return dict(zip(RUNS, json.loads(told), strict=True))


@pytest.mark.parametrize("run", RUNS)
def test_a_run_with_skips_fails_where_skipping_is_forbidden(codes, run):
    *_, fails = RUNS[run]
    assert codes[run] == (pytest.ExitCode.TESTS_FAILED if fails else pytest.ExitCode.OK)


def test_a_command_line_gives_bytes_text_and_code():
    shell = CommandLine(("sh", "-c", 'cat; echo "$@" >&2; exit 3', "sh"))
    result = shell("a", Path("b"), input=b"\xff\n")
    assert (result.stdout, result.stderr, result.code) == (b"\xff\n", "a b\n", 3)


def test_the_environment_is_the_tests_own(tmp_path):
    home = str(tmp_path / "home")
    assert os.environ["HOME"] == home
    assert os.environ["DOCKER_CONFIG"].startswith(home)
    assert os.environ["MANYFEST_STORE"].startswith(home)
    assert not [name for name in os.environ if name.lower().endswith("_proxy")]
