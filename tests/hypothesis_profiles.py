"""Hypothesis profiles: few examples, or many with ``HYPOTHESIS_PROFILE=thorough``.

A little means the same examples in every run, so that what fails was changed; a lot looks for new
ones. In neither is an example timed: other programs may be using the machine.
"""

import os

from hypothesis import HealthCheck, settings


def load() -> None:
    """For all tests, wherever they stand."""
    settings.register_profile("quick", max_examples=60, deadline=None, derandomize=True)
    settings.register_profile(
        "thorough",
        max_examples=1_000,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow],
    )
    settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))
