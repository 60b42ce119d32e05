"""``manyfest digest``: print the digest of images and lists."""

from collections.abc import Sequence
from typing import Annotated

from manyfest.assembly.references import resolve_source
from manyfest.cli.arguments.options import CONNECTION, FRESHNESS, OFFLINE, docker_command
from manyfest.cli.output import fail, write_text
from manyfest.cli.process.command import Option
from manyfest.cli.settings import CommonOptions, settings_from
from manyfest.cli.wiring import open_reading_session
from manyfest.domain.digests import Digest
from manyfest.domain.errors import ManyfestError
from manyfest.domain.lists.platform_selection import parse_filter
from manyfest.domain.operations.views.image import digests_of


@docker_command("digest", "MANIFEST...", 1, options=OFFLINE | FRESHNESS | CONNECTION)
def command(
    names: Sequence[str],
    options: CommonOptions,
    platform: Annotated[
        str | None,
        Option(
            "--platform", metavar="PLATFORM", help="Digest of the image for OS[/ARCH[/VARIANT]]."
        ),
    ] = None,
) -> None:
    """Print the digest of published images and lists.

    One line each, in the order of the arguments. A tag costs one HEAD request, which registries
    do not count as a pull. With --platform, print the digest of the image for that platform, and
    fail if there is none (exit code 3); the digest of the list is never printed instead. Drafts are
    ignored. References that fail are errors on stderr; the exit code is that of the first.

    Examples:
      manyfest digest alpine:3.20 alpine:3.19
      manyfest digest --platform linux/arm64 alpine
    """
    wanted = None if platform is None else parse_filter(platform)
    with open_reading_session(settings_from(options)) as session:
        references = [resolve_source(name, session) for name in names]
        answers = digests_of(references, wanted, ports=session)
    if found := [str(answer) for answer in answers if isinstance(answer, Digest)]:
        write_text("\n".join(found))
    if failed := [answer for answer in answers if isinstance(answer, ManyfestError)]:
        for error in failed[1:]:
            from manyfest.cli.advice.advise import advised

            fail(advised(str(error), error, ("digest", *names)))
        raise failed[0]
