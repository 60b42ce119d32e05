"""The exit code of each error class, and advice for the person who meets it."""

from typing import NamedTuple

from manyfest.domain import errors

DONE = 0
FAILED = 1
USAGE = 2
INTEGRITY = 7
FINDINGS = 8  # verify found errors, diff found differences
INTERRUPTED = 130
PIPE_CLOSED = 141  # 128 + SIGPIPE, as for a program that the signal ends


class ExitError(Exception):
    """Ends a command with this ``code``; what went wrong is told by then."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


class Meaning(NamedTuple):
    """An exit code, and perhaps a hint that follows the error's sentence."""

    code: int
    hint: str = ""


MEANINGS: dict[type[BaseException], Meaning] = {
    errors.ManyfestError: Meaning(FAILED),
    errors.InputError: Meaning(USAGE),
    errors.QueryError: Meaning(USAGE, "manyfest cache query --views shows what can be asked for"),
    errors.ReadOnlyError: Meaning(USAGE, "manyfest cache export writes an archive"),
    errors.NotFoundError: Meaning(3),
    errors.DraftUnknownError: Meaning(3),
    errors.NeverSeenError: Meaning(3, "manyfest cache fetch caches it when you are online"),
    errors.NoSuchStateError: Meaning(3, "manyfest history lists the states that are known"),
    errors.NotCachedError: Meaning(
        3, "manyfest cache fetch --layers caches them when you are online"
    ),
    errors.IncompleteError: Meaning(
        3,
        "manyfest cache fetch caches what is missing, layers with --layers; "
        "--sparse exports lists without images",
    ),
    errors.PartMissingError: Meaning(3, "push that image again, or publish without it"),
    errors.SparseBundleError: Meaning(
        FAILED, "import the earlier bundle first; --sparse takes lists without their images"
    ),
    errors.NoLayoutError: Meaning(3),
    errors.AccessError: Meaning(4),
    errors.UnavailableError: Meaning(5),
    errors.UnexpectedPlatformsError: Meaning(FINDINGS, "no tag was moved"),
    errors.ConflictError: Meaning(6),
    errors.OvertakenError: Meaning(6, "no tag was moved; promote again to move it from there"),
    errors.RetaggedError: Meaning(6, "manyfest inspect records that; undo replaces it then"),
    errors.DraftExistsError: Meaning(6, "use --amend to change it, or manyfest rm to start over"),
    errors.MergeOvertakenError: Meaning(6, "push --merge again to replace it"),
    errors.StoreDeniedError: Meaning(4),
    errors.StoreUnreachableError: Meaning(5),
    errors.IntegrityError: Meaning(INTEGRITY),
    KeyboardInterrupt: Meaning(INTERRUPTED),
    BrokenPipeError: Meaning(PIPE_CLOSED),
}


def meaning_of(error: BaseException) -> Meaning:
    """Return the table's entry for the error's nearest ancestor, else plain failure."""
    for ancestor in type(error).__mro__:
        if ancestor in MEANINGS:
            return MEANINGS[ancestor]
    return Meaning(FAILED)
