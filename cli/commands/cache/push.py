"""``manyfest cache push``: share cached histories and content by a memory in a registry."""

import sys
from collections import Counter
from collections.abc import Sequence
from functools import partial
from typing import Annotated

from manyfest.assembly.references import resolve_source, target
from manyfest.cli.arguments.options import (
    CONNECTION,
    AsJson,
    docker_command,
    require_arguments,
)
from manyfest.cli.exit_codes import FAILED, ExitError
from manyfest.cli.output import note, write_text
from manyfest.cli.process.command import Option
from manyfest.cli.process.pflag import UsageError
from manyfest.cli.rendering.cache.memory_summary import pushed_json, pushed_text
from manyfest.cli.rendering.humanize import counted
from manyfest.cli.settings import CommonOptions, settings_from
from manyfest.cli.wiring import Session, open_session
from manyfest.domain.errors import NotFoundError
from manyfest.domain.references import Reference, Repository


@docker_command("cache push", "MEMORY [REF...]", 1, options=CONNECTION)
def command(
    names: Sequence[str],
    options: CommonOptions,
    all_tags: Annotated[
        bool, Option("--all", help="Push all cached tags of registries; asks before it does.")
    ] = False,
    yes: Annotated[bool, Option("--yes", help="With --all: do not ask.")] = False,
    as_json: AsJson = False,
) -> None:
    """Push the history and content of cached tags to a memory in a registry.

    MEMORY is a tag in a repository of its own, or in an OCI layout. Machines that push to it and
    pull from it (cache pull) share what they know: the digests that a tag pointed to and when,
    manifests and configs; never layers, drafts, logins or facts about hosts. Only what MEMORY lacks
    is uploaded. Several machines may push at once: nothing is lost.

    Examples:
      manyfest cache push host/team/memory:ci host/team/app:1.4
      manyfest cache push --all --yes host/team/memory:ci
    """
    name, *wanted = names
    _require_one_way(wanted, all_tags=all_tags, yes=yes)
    with open_session(settings_from(options)) as session:
        memory = target(name)
        if all_tags:
            references = _all_but(memory, session)
            _confirm(references, memory, yes=yes)
        else:
            references = [resolve_source(each, session) for each in wanted]
        from manyfest.adapters.bundles.temporary_bundles import TemporaryBundles
        from manyfest.domain.operations.memories.push_memory import push_memory

        packer = TemporaryBundles(partial(session.check_deadline, name), session.restart_deadline)
        pushed = push_memory(memory, references, ports=session, packer=packer)
    write_text(pushed_json(memory, pushed) if as_json else pushed_text(memory, pushed))


def _require_one_way(wanted: Sequence[str], *, all_tags: bool, yes: bool) -> None:
    if all_tags:
        if wanted:
            raise UsageError("--all pushes all cached tags; give either it or references")
        return
    if yes:
        raise UsageError("--yes goes with --all")
    require_arguments("cache push", ("MEMORY", *wanted), 2)


def _all_but(memory: Reference, session: Session) -> list[Reference]:
    """Return all tags of registries but those of the memory's own repository.

    Raises NotFoundError: there are none.
    """
    tags = [observed.reference for observed in session.contents.latest()]
    found = [tag for tag in tags if isinstance(tag.home, Repository) and tag.home != memory.home]
    if not found:
        raise NotFoundError("there is nothing to push: no tag of a registry is cached")
    return found


def _confirm(references: Sequence[Reference], memory: Reference, *, yes: bool) -> None:
    """Show the repositories, and go on if the person agrees.

    Raises UsageError: there is no terminal to ask at; ExitError: the answer is no.
    """
    repositories = Counter(str(each.home) for each in references)
    for repository, tags in sorted(repositories.items()):
        note(f"{repository} ({counted(tags, 'tag')})")
    if yes:
        return
    if not (sys.stdin and sys.stdin.isatty()):
        shown = counted(len(repositories), "repository")
        raise UsageError(f"--all would share {shown}, listed above; --yes confirms it")
    print(f"Share these with all readers of {memory}? [y/N] ", end="", file=sys.stderr, flush=True)  # noqa: T201 - a prompt
    if sys.stdin.readline().strip().lower() not in {"y", "yes"}:
        note("nothing was pushed")
        raise ExitError(FAILED)
