"""The first lesson, typed as it stands, against a real registry."""

from pathlib import Path

from tests.integration.pipelines.conftest import Site, site
from tests.support.pipelines.recipes import blocks_of, steps_of

__all__ = ["site"]

LESSON = Path(__file__).parents[3] / "docs" / "tutorial" / "first-list.md"


def test_the_first_lesson_runs_as_it_stands(site: Site) -> None:
    home, name = site.registries[0].host, "localhost:5000"
    blocks = [block for block in blocks_of(LESSON) if not block.reason]
    steps = [step for block in blocks for step in steps_of(block)]
    assert len(steps) > 10
    for step in steps:
        ended = site.run("bash", "-c", step.command.replace(name, home))
        output = (ended.stdout.decode() + ended.stderr).replace(home, name)
        assert step.agrees_with(ended.code, output), (step, ended.code, output)
