"""Measure our command and other tools side by side: ``python -m tests.benchmarks``.

Of docker, buildah, skopeo, crane, regctl, docker buildx and manifest-tool those that are installed
take part. All talk to the real ``docker-registry`` on loopback, through a proxy that adds a
round-trip time and counts connections and requests. Pure computation is measured by
``pytest tests/benchmarks/pure.py`` (pytest-benchmark).
"""

import argparse
import sys
import tempfile
from pathlib import Path

from tests.benchmarks import inspect_cases, large_layer, publish_cases, startup_cases, store_cases
from tests.benchmarks.chart import chart
from tests.benchmarks.json_report import as_json
from tests.benchmarks.measurements import Row
from tests.benchmarks.runner import RunOptions, run_case
from tests.benchmarks.table import table
from tests.support.programs.docker_registry import running_registry

CASES = (
    *publish_cases.CASES,
    *inspect_cases.CASES,
    *startup_cases.CASES,
    *store_cases.CASES,
    *large_layer.CASES,
)


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    names = [case.name for case in CASES]
    parser.add_argument("--only", action="append", choices=names, help="this case; may be repeated")
    parser.add_argument("--rtt", type=float, help="milliseconds to the registry and back")
    parser.add_argument("--runs", type=int, help="how often each tool does each case")
    parser.add_argument("--json", type=Path, metavar="FILE", help="keep the figures")
    parser.add_argument("--chart", type=Path, metavar="FILE", help="draw them, as SVG")
    return parser.parse_args()


def main() -> None:
    chosen = options()
    choice = RunOptions(chosen.rtt, chosen.runs)
    cases = [case for case in CASES if not chosen.only or case.name in chosen.only]
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as folder, running_registry(Path(folder, "r")) as registry:
        for case in cases:
            print(f"{case.name} ...", file=sys.stderr, flush=True)
            place = Path(folder, case.name)
            place.mkdir()
            found = tuple(run_case(case, choice, registry.host, place))
            print(table(case, choice, found), end="\n\n", flush=True)
            rows += found
    if chosen.json:
        chosen.json.write_text(as_json(cases, choice, rows))
    if chosen.chart:
        titles = {case.name: choice.title_of(case) for case in cases}
        chosen.chart.write_text(chart(titles, rows))


main()
