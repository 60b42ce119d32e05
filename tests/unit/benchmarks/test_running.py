"""Contenders are timed and counted, and what is missing or fails takes no others with it."""

import os
import sys

import pytest

from tests.benchmarks.measuring.cases import Case, Contender
from tests.benchmarks.measuring.measurements import Row, Target
from tests.benchmarks.measuring.runner import RunOptions, judged, run_case
from tests.benchmarks.measuring.servers import Servers
from tests.benchmarks.measuring.stopwatch import FailedError, run
from tests.support.http.http_messages import Answer
from tests.support.http.http_server import HttpServer

THERE = (sys.executable, "--version")
ASK = "import sys, urllib.request as u; [u.urlopen(f'http://{sys.argv[1]}/x') for _ in range(2)]"


@pytest.fixture
def server():
    with HttpServer(lambda _request: Answer(200, b"it")) as running:
        yield running


def ask_twice(place):
    return ((sys.executable, "-c", ASK, place.site.far),)


def fail(_place):
    return ((sys.executable, "-c", "import sys; sys.exit('no such thing')"),)


def rows_of(case, server, folder):
    return {row.tool: row for row in run_case(case, RunOptions(), Servers(server.host), folder)}


def test_the_requests_of_each_run_are_counted(server, tmp_path):
    case = Case("look", "looking", (Contender("one", THERE, ask_twice),), rtt=20, runs=3)
    row = rows_of(case, server, tmp_path)["one"]
    assert (row.connections, row.requests, len(row.runs)) == (2, 2, 3)
    assert row.best >= 0.08  # a connection and a request, twice
    assert 0 < row.processor < 60


def test_a_part_of_the_job_is_multiplied(server, tmp_path):
    case = Case("look", "looking", (Contender("one", THERE, ask_twice, scale=50),), runs=1)
    row = rows_of(case, server, tmp_path)["one"]
    assert (row.requests, row.note) == (100, "1/50 of it done, times 50")


def test_what_is_missing_or_fails_takes_no_others_with_it(server, tmp_path):
    contenders = (
        Contender("no program", ("there-is-no-such-program",), ask_twice),
        Contender("no option", (sys.executable, "--no-such-option"), ask_twice),
        Contender("breaks", THERE, fail),
        Contender("works", THERE, ask_twice),
    )
    rows = rows_of(Case("look", "looking", contenders, runs=2), server, tmp_path)
    assert (rows["no program"].note, rows["no option"].note) == ("not there", "not there")
    assert rows["breaks"].note.endswith("no such thing")
    assert [tool for tool, row in rows.items() if row.seconds is not None] == ["works"]


def test_what_was_measured_before_a_preparation_fails_is_kept(server, tmp_path):
    def prepare(site):
        yield Row("look", "made", 0.5)
        raise FailedError("no room")

    case = Case("look", "looking", (Contender("one", THERE, ask_twice),), prepare=prepare)
    rows = rows_of(case, server, tmp_path)
    assert {tool: (row.seconds, row.note) for tool, row in rows.items()} == {
        "made": (0.5, ""),
        "preparation": (None, "no room"),
    }


@pytest.mark.parametrize(("warm", "homes"), [(False, [0, 1, 2]), (True, [0])])
def test_a_home_is_new_in_each_run_or_made_ready_once(server, tmp_path, warm, homes):
    made = []
    contender = Contender("one", THERE, ask_twice, lambda place: made.append(place.number))
    rows_of(Case("look", "looking", (contender,), runs=3, warm=warm), server, tmp_path)
    assert made == homes


def test_two_contenders_never_share_a_home(server, tmp_path):
    alike = tuple(Contender(tool, THERE, ask_twice) for tool in ("a b", "a, b"))
    with pytest.raises(FileExistsError):
        rows_of(Case("look", "looking", alike, runs=1), server, tmp_path)


def test_another_distance_is_for_what_is_far_away():
    choice, far, near = RunOptions(rtt=7), Case("a", "asking", (), rtt=50), Case("b", "being", ())
    assert (choice.rtt_of(far), choice.rtt_of(near)) == (7, 0)
    assert (choice.title_of(far), choice.title_of(near)) == ("asking, 7 ms away", "being")


def test_a_target_is_judged_beside_another_tool():
    contenders = (
        Contender("ours", THERE, fail, aim=Target("other", 2, 0.5), peak_aim=Target(plus=20)),
        Contender("other", THERE, fail, aim=Target("ours", 1)),
        Contender("alone", THERE, fail, aim=Target("nobody")),
        Contender("absent", THERE, fail, aim=Target("other", 1)),
    )
    rows = (
        Row("look", "ours", 2.4, peak=20.5, note="half of it"),
        Row("look", "other", 1.0, peak=10),
        Row("look", "alone", 1.0),
        Row("look", "absent", note="not there"),
    )
    assert [row.note for row in judged(rows, Case("look", "looking", contenders))] == [
        "half of it; aim 2.50 s: reached; aim 20 MiB: missed",
        "aim 2.40 s: reached",
        "",
        "not there",
    ]


def test_the_peak_is_that_of_the_command_and_not_of_who_started_it():
    held = bytearray(256 * 1024 * 1024)
    held[::4096] = b"x" * len(held[::4096])
    taken = run((sys.executable, "-c", "x = b'x' * 50_000_000"), dict(os.environ))
    assert 50 < taken.peak < 200 < len(held) / 2**20
