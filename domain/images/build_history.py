"""The steps that built an image, as a Dockerfile has them.

Builders write each step as the shell command that ran: ``/bin/sh -c #(nop) CMD ["sh"]`` is the
classic builder's ``CMD ["sh"]``, and BuildKit marks its own with ``# buildkit``. A step that made
no layer says so, and the others made the layers of the manifest, in their order
(image-spec, ``config.md``, "history").
"""

from collections.abc import Callable, Sequence
from datetime import datetime

from manyfest.domain.encoding.strict_json import Json, JsonObject
from manyfest.domain.values import frozen

_SHELL = "/bin/sh -c "
_NO_OPERATION = "#(nop)"
_BUILDKIT = "# buildkit"


@frozen
class BuildStep:
    """A step: the ``instruction`` of the Dockerfile, or the command if it is none.

    ``makes_layer`` is False for a step that changed the config alone. ``created`` is in UTC.
    """

    instruction: str
    created: datetime | None = None
    makes_layer: bool = True
    comment: str = ""


def build_steps(history: Json, moment: Callable[[Json], datetime | None]) -> tuple[BuildStep, ...]:
    """Return the steps in the member ``history`` of a config, oldest first.

    Elements that are no objects are left out; ``moment`` reads a time.
    """
    steps = history if isinstance(history, list) else []
    return tuple(_step(step, moment) for step in steps if isinstance(step, dict))


def sizes_of(steps: Sequence[BuildStep], layers: Sequence[int]) -> tuple[int | None, ...]:
    """Return the size of the layer of each step: 0 if it made none, None if it is not known.

    ``layers`` are the sizes of the manifest's layers. Nothing is known unless their number is
    that of the steps that made one.
    """
    if sum(step.makes_layer for step in steps) != len(layers):
        return tuple(None if step.makes_layer else 0 for step in steps)
    waiting = iter(layers)
    return tuple(next(waiting) if step.makes_layer else 0 for step in steps)


def _step(step: JsonObject, moment: Callable[[Json], datetime | None]) -> BuildStep:
    command, comment = step.get("created_by"), step.get("comment")
    return BuildStep(
        _instruction(command) if isinstance(command, str) else "",
        moment(step.get("created")),
        step.get("empty_layer") is not True,
        comment if isinstance(comment, str) else "",
    )


def _instruction(command: str) -> str:
    """Return the instruction of a Dockerfile that made a builder run ``command``."""
    text = command.strip().removesuffix(_BUILDKIT).strip()
    if text.startswith(_SHELL):
        ran = text.removeprefix(_SHELL).strip()
        is_instruction = ran.startswith(_NO_OPERATION)
        return ran.removeprefix(_NO_OPERATION).strip() if is_instruction else f"RUN {ran}"
    shell_run = f"RUN {_SHELL}"
    return f"RUN {text.removeprefix(shell_run)}" if text.startswith(shell_run) else text
