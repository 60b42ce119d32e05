"""``manyfest cache copy``: copy a store into another one."""

from collections.abc import Sequence
from typing import Annotated

from manyfest.assembly.stores import copy_stores
from manyfest.cli.arguments.options import AsJson, docker_command
from manyfest.cli.output import warn, write_lines, write_text
from manyfest.cli.process.command import Option
from manyfest.cli.rendering.cache.store_copy import copied_json, copied_lines
from manyfest.cli.settings import settings_from


@docker_command("cache copy", "STORE STORE", 2, 2)
def command(
    names: Sequence[str],
    layers: Annotated[bool, Option("--layers", help="Copy layers, too.")] = False,
    as_json: AsJson = False,
) -> None:
    """Copy a store into another one, and verify it.

    STORE is a file or a URL, as in MANYFEST_STORE: postgresql://USER@HOST/DATABASE. Content,
    history and drafts that the second store lacks are copied from the first, hashed as they are
    read, and read again where they were written. What the second store has stays, so a copy that
    broke off is completed by the same command.

    Examples:
      manyfest cache copy store.db postgresql://app@db.example/manyfest
      manyfest cache copy --layers postgresql://app@db.example/manyfest store.db
    """
    copied = copy_stores(names[0], names[1], settings_from(), with_layers=layers)
    for name in copied.kept:
        warn(f"the draft {name} was not copied: the second store has another of this name")
    if as_json:
        write_text(copied_json(copied))
    else:
        write_lines(copied_lines(copied))
