"""Measure our command and other tools side by side: ``python -m tests.benchmarks``.

Of docker, buildah, skopeo, crane, regctl, oras, docker buildx and manifest-tool those that are on
the PATH take part. All talk to the real ``docker-registry``, through a proxy that adds a round-trip
time and counts connections and requests: by plain HTTP on loopback, or by TLS under this machine's
name. Pure computation is measured by ``pytest tests/benchmarks/pure.py`` (pytest-benchmark).
"""

import argparse
import shutil
import sys
import tempfile
from fnmatch import fnmatchcase
from pathlib import Path

from tests.benchmarks.jobs import (
    copying,
    inspecting,
    large_layer,
    large_list,
    publishing,
    sharing,
    starting,
    storing,
)
from tests.benchmarks.measuring.cases import Case
from tests.benchmarks.measuring.chart import chart
from tests.benchmarks.measuring.json_report import as_json
from tests.benchmarks.measuring.machine import described, load
from tests.benchmarks.measuring.measurements import Row
from tests.benchmarks.measuring.runner import RunOptions, run_case
from tests.benchmarks.measuring.servers import running_servers
from tests.benchmarks.measuring.table import table

CASES = (
    *publishing.CASES,
    *inspecting.CASES,
    *starting.CASES,
    *copying.CASES,
    *large_layer.CASES,
    *storing.CASES,
    *sharing.CASES,
    *large_list.CASES,
)


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument(
        *("--only", "-k"), action="append", metavar="CASE", help="such as copy-*; may be repeated"
    )
    parser.add_argument("--list", action="store_true", help="show the cases, and do none")
    parser.add_argument("--rtt", type=float, help="milliseconds to the registry and back")
    parser.add_argument("--runs", type=int, help="how often each tool does each case")
    parser.add_argument("--json", type=Path, metavar="FILE", help="keep the figures")
    parser.add_argument("--chart", type=Path, metavar="FILE", help="draw them, as SVG")
    return parser.parse_args()


def chosen_cases(patterns: list[str] | None) -> list[Case]:
    """Return the cases whose names match one of ``patterns``; without any, all."""
    kept = [case for case in CASES if any(fnmatchcase(case.name, one) for one in patterns or "*")]
    return kept or sys.exit(f"no case is named {' or '.join(patterns or ())}")


def main() -> None:
    chosen = options()
    choice, cases = RunOptions(chosen.rtt, chosen.runs), chosen_cases(chosen.only)
    if chosen.list:
        print("\n".join(f"{case.name}: {choice.title_of(case)}" for case in cases))
        return
    print(described(), end="\n\n", flush=True)
    rows: list[Row] = []
    loads: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as folder, running_servers(Path(folder)) as servers:
        for case in cases:
            print(f"{case.name} ...", file=sys.stderr, flush=True)
            place = Path(folder, "cases", case.name)
            place.mkdir(parents=True)
            found = tuple(run_case(case, choice, servers, place))
            loads[case.name] = load()
            told = f", load {loads[case.name]:.1f}"
            print(table(case, choice, found, told), end="\n\n", flush=True)
            rows += found
            # the layers of a case would fill the disk before the last one
            shutil.rmtree(place)
    if chosen.json:
        chosen.json.write_text(as_json(cases, choice, rows, loads))
    if chosen.chart:
        titles = {case.name: choice.title_of(case) for case in cases}
        chosen.chart.write_text(chart(titles, rows))


main()
