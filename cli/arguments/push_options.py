"""The options of ``push`` and ``create --push``, and all of them as one value."""

from collections.abc import Callable, Mapping
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
    from manyfest.domain.drafts.draft import Draft
    from manyfest.domain.operations.publication.plan_push import Publication
    from manyfest.domain.operations.steps.conditional_put import TagDigests

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

    def publication(self, draft: "Draft") -> "Publication":
        """Return ``draft`` with what it is published as.

        Raises InvalidReferenceError; InvalidDigestError: of ``expect``.
        """
        from manyfest.domain.operations.publication.plan_push import Publication

        expected = None if self.expect is None else Expectation.parse(self.expect)
        targets = self.targets(draft.name)
        return Publication(draft, targets, expected, is_untagged=self.is_untagged)


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
