"""Benchmark: copy an image with one large layer."""

from tests.benchmarks.jobs.copying import aiming, to_layout, to_registry
from tests.benchmarks.jobs.seed import large_list
from tests.benchmarks.measuring.cases import Case
from tests.benchmarks.measuring.measurements import Target

_MEBIBYTE = 1024 * 1024
_SIZE = 1024  # MiB
_RATE = 350  # MB a second
_AIM = Target(plus=_SIZE * _MEBIBYTE / (_RATE * 1e6))

_TITLE = f"an image with a layer of {_SIZE} MiB, copied to"
_IMAGE = large_list(1, 1, _SIZE * _MEBIBYTE)

CASES = (
    Case(
        "copy-large-layer-layout",
        f"{_TITLE} a layout",
        aiming(to_layout(), _AIM),
        runs=3,
        prepare=_IMAGE,
        baseline="skopeo",
    ),
    Case(
        "copy-large-layer-registry",
        f"{_TITLE} another registry",
        aiming(to_registry(), Target("skopeo", 1)),
        runs=3,
        prepare=_IMAGE,
        baseline="skopeo",
    ),
)
