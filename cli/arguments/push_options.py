"""The options of ``push`` and ``create --push``, and all of them as one value."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from manyfest.assembly.references import tag_or_reference, target
from manyfest.cli.process.command import Option
from manyfest.cli.process.pflag import UsageError
from manyfest.domain.expectations import Expectation
from manyfest.domain.lists.referrers import AttachedMode
from manyfest.domain.references import Reference
from manyfest.domain.values import frozen

if TYPE_CHECKING:  # not needed by create alone
    from manyfest.assembly.publication import PushOrder
    from manyfest.domain.media_types import Family
    from manyfest.domain.operations.steps.conditional_put import TagDigests
    from manyfest.domain.platforms import Platform

Purge = Annotated[bool, Option("-p", "--purge", help="Delete the draft once it is pushed.")]
Expect = Annotated[
    str | None,
    Option(
        "--expect",
        metavar="DIGEST|absent",
        help="Push only if the tag points to DIGEST, or does not exist (absent); else exit 6.",
    ),
]
Merge = Annotated[
    bool, Option("--merge", help="Merge the platforms into the tag's list, safely beside others.")
]
MoreTags = Annotated[
    list[str] | None,
    Option("--tag", metavar="TAG|REF", help="Push under this tag or reference, too; repeatable."),
]
Untagged = Annotated[
    bool, Option("--untagged", help="Write the list by digest alone; no tag is moved.")
]
DigestFile = Annotated[
    Path | None,
    Option("--digest-file", metavar="FILE", help="Write the digest of the list to FILE."),
]
MetadataFile = Annotated[
    Path | None,
    Option("--metadata-file", metavar="FILE", help="Write JSON with the keys of buildx to FILE."),
]


@frozen
class PushOptions:
    """The options of ``push`` and ``create --push``, as they were given."""

    tags: tuple[str, ...] = ()
    destinations: tuple[str, ...] = ()
    is_untagged: bool = False
    expect: str | None = None
    expected_platforms: tuple[str, ...] = ()
    is_merge: bool = False
    is_purge: bool = False
    is_dry_run: bool = False
    is_verbose: bool = False
    as_json: bool = False
    attached: AttachedMode = AttachedMode.TRY
    with_foreign: bool = False
    digest_file: Path | None = None
    metadata_file: Path | None = None

    def check(self) -> None:
        """Refuse what does not go together, and files that cannot be written.

        Raises UsageError; InvalidDigestError: of ``expect``.
        """
        if self.is_merge and self.expect is not None:
            raise UsageError("--merge and --expect exclude each other")
        if self.expect is not None:
            Expectation.parse(self.expect)
        if self.is_untagged and (self.is_merge or self.expect is not None or self.tags):
            raise UsageError("--untagged moves no tag: it goes without --tag, --expect and --merge")
        from manyfest.cli.arguments.result_files import require_writable

        require_writable(self.digest_file, self.metadata_file)

    def targets(self, name: Reference) -> tuple[Reference, ...]:
        """Return what a draft of this ``name`` is published as. Raises InvalidReferenceError."""
        first, *others = map(target, self.destinations) if self.destinations else [name]
        more = (tag_or_reference(text, first) for text in self.tags)
        return tuple(dict.fromkeys((first, *others, *more)))

    def order(self, name: Reference, convert: "Family | None" = None) -> "PushOrder":
        """Return the push of the draft ``name`` that is asked for.

        Raises InvalidReferenceError; InvalidDigestError: of ``expect``; InvalidPlatformError.
        """
        from manyfest.assembly.publication import PushOrder

        return PushOrder(
            self.targets(name),
            None if self.expect is None else Expectation.parse(self.expect),
            _platforms(self.expected_platforms),
            convert,
            is_merge=self.is_merge,
            is_untagged=self.is_untagged,
            attached=self.attached,
            with_foreign=self.with_foreign,
            is_purge=self.is_purge,
            is_dry_run=self.is_dry_run,
        )


def _platforms(texts: Sequence[str]) -> "tuple[Platform, ...]":
    if not texts:
        return ()
    from manyfest.domain.lists.platform_selection import parse_filters

    return parse_filters(texts)


def look_up(
    options: PushOptions, name: Reference, tag_digests: "TagDigests"
) -> Mapping[Reference, Callable[[], object]]:
    """Return calls that look at the tags of a draft that is to be made, for the push of it."""
    if options.is_untagged:
        return {}
    first, *others = options.targets(name)
    is_guarded = options.expect is not None
    look = tag_digests.confirmed_at if is_guarded else tag_digests.at
    return {first: partial(look, first), **{o: partial(tag_digests.at, o) for o in others}}
