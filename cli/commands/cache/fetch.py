"""``manyfest cache fetch``: bring images and lists into the store."""

from typing import Annotated

import typer

from manyfest.cli.arguments.options import (
    JOBS,
    AsJson,
    Insecure,
    Jobs,
    MaxAge,
    StaleIfError,
    Timeout,
    require_arguments,
)
from manyfest.cli.settings import settings_from
from manyfest.cli.wiring import open_session
from manyfest.domain.platforms import Platform


def command(
    arguments: Annotated[
        list[str] | None, typer.Argument(metavar="[MANIFEST...]", show_default=False)
    ] = None,
    file: Annotated[
        str | None, typer.Option("-f", "--file", metavar="FILE", help="Those in FILE, too.")
    ] = None,
    platform: Annotated[
        list[str] | None,
        typer.Option("--platform", help="Take only these platforms of lists, OS/ARCH[/VARIANT]."),
    ] = None,
    layers: Annotated[
        bool, typer.Option("--layers", help="Bring the layers, too, for copy and cache export.")
    ] = False,
    as_json: AsJson = False,
    max_age: MaxAge = None,
    stale_if_error: StaleIfError = False,
    insecure: Insecure = False,
    jobs: Jobs = JOBS,
    timeout: Timeout = None,
) -> None:
    """Bring images and lists into the store, to have them offline.

    Lists come with their images, images with their configs. FILE has a reference a line, and
    comments after #; - is standard input. What is held is not fetched again, so that a fetch that
    was broken off goes on where it was. The exit code is 1 if something could not be fetched.
    """
    names = require_arguments("cache fetch", arguments, 0 if file else 1)
    settings = settings_from(
        insecure=insecure,
        jobs=jobs,
        seconds=timeout,
        max_age=max_age,
        stale_if_error=stale_if_error,
    )
    platforms = tuple(map(Platform.parse, platform or ()))
    with open_session(settings) as session:
        from manyfest.cli.flows.fetch_many import fetch_all

        fetch_all(names, file, platforms, session, with_layers=layers, as_json=as_json)
