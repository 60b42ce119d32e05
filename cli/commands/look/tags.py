"""``manyfest tags``: list the tags of a repository."""

from collections.abc import Callable, Iterator, Sequence
from typing import Annotated, Any

from attr import evolve

from manyfest.assembly.references import repository_home, resolve_source
from manyfest.cli.arguments.options import (
    CONNECTION,
    FRESHNESS,
    OFFLINE,
    AsJson,
    docker_command,
    whole_number,
)
from manyfest.cli.output import Screen, stdout_screen, write_lines, write_view
from manyfest.cli.process.command import Option
from manyfest.cli.process.pflag import UsageError
from manyfest.cli.rendering.table import Column, View
from manyfest.cli.rendering.tags_table import tag_columns, tags_json
from manyfest.cli.settings import CommonOptions, settings_from
from manyfest.cli.wiring import Session, open_reading_session
from manyfest.domain.digests import Digest
from manyfest.domain.errors import InputError, ManyfestError, NotFoundError
from manyfest.domain.operations.views.image import digests_of
from manyfest.domain.operations.views.tags import (
    TagDetails,
    by_version,
    details_of_tags,
    matching,
)
from manyfest.domain.references import Home

_SHAPE = frozenset({"columns", "no_trunc", "quiet"})
_SLICE = 256  # tags looked at between two renewals of the deadline
_ORDERS: dict[str, Callable[[str], Any]] = {"name": str, "version": by_version}


@docker_command("tags", "REPOSITORY", 1, 1, options=OFFLINE | FRESHNESS | CONNECTION | _SHAPE)
def command(
    names: Sequence[str],
    options: CommonOptions,
    long: Annotated[
        bool, Option("-l", "--long", help="Show digest, age, size and platforms.")
    ] = False,
    like: Annotated[
        str | None,
        Option("--like", metavar="MANIFEST", help="Show only tags with the digest of MANIFEST."),
    ] = None,
    patterns: Annotated[
        list[str] | None,
        Option("--filter", metavar="PATTERN", help="Show only tags such as 'v1.*'."),
    ] = None,
    sort: Annotated[
        str | None,
        Option(
            "--sort",
            metavar="ORDER",
            help="Sort by name, or by version (v1.9 before v1.10); -ORDER reverses.",
        ),
    ] = None,
    limit: Annotated[
        int | None,
        Option("--limit", metavar="N", parser=whole_number(1), help="Show the first N tags only."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """List the tags of a repository or OCI layout.

    The order is the registry's. --long and --like ask for each tag by HEAD, in parallel, which
    registries do not count as pulls; age, size and platforms are shown if they are cached
    (manyfest cache fetch caches them). --columns shows some of the columns of --long, and asks for
    no tag if TAG is the only one. With --offline, lists the cached tags.

    Examples:
      manyfest tags --sort -version --limit 5 alpine
      manyfest tags --long --filter 'v1.*' ghcr.io/team/app
      manyfest tags --columns tag,digest --sort version ghcr.io/team/app
      manyfest tags -q --columns digest --filter '3.2?' alpine
      manyfest tags --like alpine alpine
    """
    if as_json and (options.columns or options.quiet):
        raise UsageError("--json has all columns: it goes without --columns and --quiet")
    if any("=" in pattern for pattern in patterns or ()):  # no tag has one
        raise UsageError("--filter of tags wants a pattern alone, such as 'v1.*'")
    screen = stdout_screen()
    if options.no_trunc or options.quiet:
        screen = Screen(has_color=screen.has_color)
    home = repository_home(names[0])
    with open_reading_session(settings_from(options)) as session:
        columns = _columns(screen, session, options, long=long)
        tags = _sorted(matching(_tags(home, session), patterns or ()), sort)
        if like is None:
            tags = tags[:limit]
            is_asked = (long and as_json) or any(one.heading != "TAG" for one in columns)
            found = _details(home, tags, session) if is_asked else map(TagDetails, tags)
        else:
            wanted = _digest_of(like, session)
            same = (each for each in _details(home, tags, session) if each.digest == wanted)
            found = (each for each, _ in zip(same, range(limit or len(tags)), strict=False))
        if as_json:
            write_lines(tags_json(found))
        elif columns:
            write_view(View(columns, found, screen, options.quiet).lines())
        else:
            write_lines(each.tag for each in found)


def _columns(
    screen: Screen, session: Session, options: CommonOptions, *, long: bool
) -> Sequence[Column[TagDetails]]:
    """Return the columns of the table; none for a list of tags. Raises InputError: no column."""
    if options.columns is None:
        return tag_columns(screen, session.now) if long and not options.quiet else ()
    from manyfest.cli.rendering.selection import columns_named

    named = columns_named(options.columns, tag_columns(screen, session.now))
    chosen = [evolve(column, rank=0) for column in named]
    return chosen[:1] if options.quiet else chosen


def _tags(home: Home, session: Session) -> tuple[str, ...]:
    if tags := session.registry.tags(home):
        return tags
    raise NotFoundError(f"{home} has no tags, or does not exist")


def _sorted(tags: list[str], order: str | None) -> list[str]:
    if order is None:
        return tags
    key = _ORDERS.get(order.removeprefix("-"))
    if key is None:
        raise InputError(f"--sort wants name or version, not {order!r}")
    return sorted(tags, key=key, reverse=order.startswith("-"))


def _digest_of(text: str, session: Session) -> Digest:
    (answer,) = digests_of([resolve_source(text, session)], None, ports=session)
    if isinstance(answer, ManyfestError):
        raise answer
    return answer


def _details(home: Home, tags: Sequence[str], session: Session) -> Iterator[TagDetails]:
    for some in session.slices(tags, _SLICE):
        yield from details_of_tags(home, some, ports=session)
