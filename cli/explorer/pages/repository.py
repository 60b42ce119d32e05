"""A repository: its tags, grouped by what they point to, and the platforms of each."""

from collections.abc import Sequence
from itertools import islice

from manyfest.cli.explorer.library import Library, exactly
from manyfest.cli.explorer.page import Arguments, Page, command_line
from manyfest.domain.encoding.strict_json import Json
from manyfest.domain.encoding.timestamps import format_utc
from manyfest.domain.errors import NeverSeenError
from manyfest.domain.ports.catalogue import CachedTag

_TAGS = 200  # on a page


def repository(subject: str, query: Arguments, library: Library) -> Page:
    """Show the tags of the home ``subject`` behind the tag ``after``.

    Raises NeverSeenError: the store knows none.
    """
    listed = library.catalogue.tags_of(subject, query.get("after", ""))
    found = tuple(islice(listed, _TAGS + 1))
    shown = found[:_TAGS]
    if not shown and "after" not in query:
        raise NeverSeenError(subject)
    data: dict[str, Json] = {
        "repository": subject,
        "platforms": _platforms(shown),
        "groups": _groups(shown),
        "next": shown[-1].observation.reference.tag if len(found) > len(shown) else None,
    }
    return Page("repository.html", subject, data, (command_line("cache", "ls", exactly(subject)),))


def _platforms(tags: Sequence[CachedTag]) -> Json:
    """Return all platforms of the tags, those of most tags first."""
    counts: dict[str, int] = {}
    for tag in tags:
        for platform in tag.platforms:
            counts[platform] = counts.get(platform, 0) + 1
    return sorted(counts, key=lambda platform: (-counts[platform], platform))


def _groups(tags: Sequence[CachedTag]) -> Json:
    """Return the tags by digest, the digest that moved last first."""
    by_digest: dict[str, list[CachedTag]] = {}
    for tag in tags:
        by_digest.setdefault(str(tag.observation.digest), []).append(tag)
    newest = sorted(
        by_digest.values(),
        key=lambda group: max(tag.observation.first_seen for tag in group),
        reverse=True,
    )
    return [_group(group) for group in newest]


def _group(tags: Sequence[CachedTag]) -> Json:
    first = tags[0]
    return {
        "digest": str(first.observation.digest),
        "mediaType": first.media_type,
        "platforms": list(first.platforms),
        "layersSize": first.layers_size,
        "tags": [
            {
                "name": tag.observation.reference.tag or "",
                "reference": str(tag.observation.reference),
                "moved": format_utc(tag.observation.first_seen),
                "seen": format_utc(tag.observation.seen_at),
                "claimed": tag.observation.is_claimed,
            }
            for tag in tags
        ],
    }
