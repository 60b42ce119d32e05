"""``manyfest cache pull``: merge a memory in a registry into the store."""

from collections.abc import Sequence
from functools import partial
from typing import Annotated

from manyfest.assembly.references import target
from manyfest.cli.arguments.options import CONNECTION, AsJson, docker_command
from manyfest.cli.output import warn, write_text
from manyfest.cli.process.command import Option
from manyfest.cli.rendering.cache.memory_summary import pulled_json, pulled_text
from manyfest.cli.rendering.humanize import counted
from manyfest.cli.settings import CommonOptions, settings_from
from manyfest.cli.wiring import open_session


@docker_command("cache pull", "MEMORY", 1, 1, options=CONNECTION)
def command(
    names: Sequence[str],
    options: CommonOptions,
    trust: Annotated[
        bool,
        Option(
            "--trust",
            help="Take its history as observed here.  [env var: MANYFEST_TRUSTED_MEMORY]",
        ),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Merge a memory in a registry into the cache.

    MEMORY is a tag that cache push writes. Its tags join the history of those tags here, by the
    time at which they were observed; content that is cached already is not downloaded. Like those
    of a bundle, its observations are claims: --max-age and undo do not use them. --trust takes them
    as observed here, for the memory of a team; MANYFEST_TRUSTED_MEMORY names such memories,
    separated by commas.

    Examples:
      manyfest cache pull host/team/memory:ci
      manyfest cache pull --trust host/team/memory:ci
    """
    (name,) = names
    memory = target(name)
    settings = settings_from(options)
    with open_session(settings) as session:
        session.connect_early([memory])
        from manyfest.adapters.bundles.temporary_bundles import TemporaryBundles
        from manyfest.domain.operations.memories.pull_memory import pull_memory

        packer = TemporaryBundles(partial(session.check_deadline, name), session.restart_deadline)
        is_trusted = trust or memory in map(target, settings.trusted_memories)
        pulled = pull_memory(memory, ports=session, packer=packer, is_trusted=is_trusted)
    if pulled.lacking:
        warn(f"{memory} does not bring the manifests of {counted(pulled.lacking, 'state')}")
    write_text(pulled_json(memory, pulled) if as_json else pulled_text(memory, pulled))
