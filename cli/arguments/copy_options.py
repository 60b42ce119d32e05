"""Options of ``copy`` and ``promote``."""

from collections.abc import Sequence
from typing import Annotated, Any

from manyfest.cli.arguments.options import credentials_option
from manyfest.cli.process.command import Option
from manyfest.cli.process.pflag import UsageError


def words_of(texts: Sequence[str], name: str) -> tuple[str, ...]:
    """Return the words between commas in what the option ``name`` was given, if it was.

    Raises UsageError: there is none. An empty variable would else lift the restriction unseen.
    """
    words = tuple(word.strip() for text in texts for word in text.split(",") if word.strip())
    if texts and not words:
        raise UsageError(f"{name} names nothing; leave it out if that is meant")
    return words


def _parse_since(text: str, name: str) -> Any:
    from manyfest.domain.encoding.quantities import parse_since

    return parse_since(text, name)


Sparse = Annotated[
    bool,
    Option(
        "--sparse",
        help="With --platform: keep the list and its digest, though it names absent images.",
    ),
]
VerifyBlobs = Annotated[
    bool,
    Option(
        "--verify-blobs",
        help="Ask DST for each blob of manifests that it has, too, and upload those it lacks.",
    ),
]

Tags = Annotated[
    list[str] | None,
    Option(
        "--tags",
        metavar="GLOB,...",
        help="Copy the tags of repository SRC that match (wildcards: * ?) to DST; repeatable.",
    ),
]
Versions = Annotated[
    str | None,
    Option(
        "--semver",
        metavar="RANGE",
        help="Copy the tags of repository SRC that are versions in RANGE (^1.2, '>=1 <3').",
    ),
]
Since = Annotated[
    Any,
    Option(
        "--since",
        metavar="DATE|DURATION",
        parser=_parse_since,
        help="Copy the tags of repository SRC whose image was created since then (2026-11-01, 7d).",
    ),
]
PrunePlan = Annotated[
    bool,
    Option(
        "--prune-plan",
        help="Print commands that untag selected tags that only DST has; nothing is deleted.",
    ),
]

SourceLogin = Annotated[Any, credentials_option("src-creds", "the repository of SRC")]
TargetLogin = Annotated[Any, credentials_option("dest-creds", "the repository of DST")]
