"""``manyfest annotate``: say what an entry of a draft runs on."""

from typing import Annotated

import typer

from manyfest.cli.options import counted, reference
from manyfest.cli.settings import settings_from
from manyfest.cli.wiring import open_session
from manyfest.domain.drafts import Overrides
from manyfest.domain.errors import EntryUnknownError
from manyfest.domain.operations.annotate import annotate


def command(
    arguments: Annotated[
        list[str] | None, typer.Argument(metavar="LIST MANIFEST", show_default=False)
    ] = None,
    os: Annotated[str, typer.Option("--os", help="Set the operating system.")] = "",
    arch: Annotated[str, typer.Option("--arch", help="Set the architecture.")] = "",
    os_version: Annotated[
        str, typer.Option("--os-version", help="Set the operating system version.")
    ] = "",
    os_features: Annotated[
        list[str] | None,
        typer.Option("--os-features", help="Add operating system features, separated by commas."),
    ] = None,
    variant: Annotated[str, typer.Option("--variant", help="Set the architecture variant.")] = "",
) -> None:
    """Say what an entry of a draft runs on.

    It is laid over what the image says itself; what is not given stays. Nothing is printed.
    """
    names = counted("annotate", arguments, 2, 2)
    overrides = Overrides(
        os=os,
        architecture=arch,
        variant=variant,
        os_version=os_version,
        os_features=_separated(os_features or []),
    )
    with open_session(settings_from()) as session:
        name, source = map(reference, names)
        try:
            annotate(name, source, overrides, drafts=session.drafts, now=session.now)
        except EntryUnknownError as error:
            raise EntryUnknownError(names[1], names[0]) from error  # as typed, as docker says it


def _separated(values: list[str]) -> tuple[str, ...]:
    return tuple(feature for value in values for feature in value.split(",") if feature)
