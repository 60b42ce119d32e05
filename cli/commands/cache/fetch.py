"""``manyfest cache fetch``: download images and lists into the store."""

from collections.abc import Sequence
from typing import Annotated

from manyfest.cli.arguments.option_values import Through
from manyfest.cli.arguments.options import (
    CONNECTION,
    FRESHNESS,
    AsJson,
    ForeignLayers,
    docker_command,
    require_arguments,
)
from manyfest.cli.process.command import Option
from manyfest.cli.process.pflag import UsageError
from manyfest.cli.settings import CommonOptions, settings_from
from manyfest.cli.wiring import open_session
from manyfest.domain.lists.platform_selection import parse_filters


@docker_command("cache fetch", "[MANIFEST...]", options=FRESHNESS | CONNECTION)
def command(
    names: Sequence[str],
    options: CommonOptions,
    file: Annotated[
        str | None,
        Option(
            "-f", "--file", metavar="FILE", help="Read more references from FILE (- for stdin)."
        ),
    ] = None,
    platform: Annotated[
        list[str] | None,
        Option(
            "--platform",
            help="Take only these platforms from lists: OS[/ARCH[/VARIANT]],...; repeatable.",
        ),
    ] = None,
    layers: Annotated[
        bool, Option("--layers", help="Fetch the layers, too, for copy and cache export.")
    ] = False,
    foreign_layers: ForeignLayers = False,
    attached: Annotated[
        bool,
        Option(
            "--attached",
            help="Fetch what is attached, too: signatures, SBOMs, attestations, in every form.",
        ),
    ] = False,
    through: Through = None,
    as_json: AsJson = False,
) -> None:
    """Fetch images and lists into the cache, for use offline.

    Lists are fetched with their images, and images with their configs. FILE has one reference per
    line; # starts a comment. Cached content is not fetched again, so an interrupted fetch continues
    where it stopped. The exit code is 1 if something could not be fetched.

    With --through, asks a pull-through cache for every manifest and config, with --layers for every
    layer, so that it has whole lists; what it does not have yet is asked for again for 15 seconds.
    Then the lists are verified through the mirror.

    With --attached, asks for the referrers of each manifest, and for digest tags such as cosign's;
    then attached, sbom and provenance answer offline, and cache export takes it along.

    Examples:
      manyfest cache fetch alpine:3 ghcr.io/team/app:1.4
      manyfest cache fetch --attached ghcr.io/team/app:1.4
      manyfest cache fetch --layers --platform linux/arm64 -f images.txt
      manyfest cache fetch --through mirror.example.com:5000 alpine:3
    """
    require_arguments("cache fetch", names, 0 if file else 1)
    if foreign_layers and not layers:
        raise UsageError("--foreign-layers goes with --layers")
    platforms = parse_filters(platform or ())
    settings = settings_from(options)
    if through is not None and settings.offline:
        raise UsageError("--offline and --through exclude each other")
    with open_session(settings) as session:
        from manyfest.cli.flows.fetch_many import fetch_all

        fetch_all(
            names,
            file,
            platforms,
            session.through(through) if through else session,
            with_layers=layers,
            with_foreign=foreign_layers,
            with_attached=attached,
            is_filling=through is not None,
            as_json=as_json,
        )
