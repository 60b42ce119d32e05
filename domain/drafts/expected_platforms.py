"""The check that a list has exactly the platforms that a release is meant to have."""

from collections import Counter
from collections.abc import Iterable, Sequence

from manyfest.domain.drafts.draft import Draft
from manyfest.domain.drafts.platform_conflicts import conflicts, occupied_platform
from manyfest.domain.errors import UnexpectedPlatformsError
from manyfest.domain.lists.platform_selection import is_expected
from manyfest.domain.platforms import Platform


def check_platforms(draft: Draft, expected: Sequence[Platform]) -> None:
    """Raise UnexpectedPlatformsError unless the entries are for ``expected``, each once.

    Attestations and artifacts do not count. Both sides are normalised, so ``arm64`` is
    ``arm64/v8``; versions and features count where they are expected.
    """
    occupied = [occupied_platform(entry.descriptor) for entry in draft.entries]
    have = [platform for platform in occupied if platform is not None]
    missing = [wanted for wanted in expected if not any(is_expected(each, wanted) for each in have)]
    extra = [each for each in have if not any(is_expected(each, wanted) for wanted in expected)]
    twice = [second.descriptor.platform or Platform() for _, second in conflicts(draft.entries)]
    if missing or extra or twice:
        raise UnexpectedPlatformsError(
            str(draft.name), _names(missing), _names(extra), _names(twice)
        )


def _names(platforms: Iterable[Platform]) -> tuple[str, ...]:
    return tuple(Counter(map(str, platforms)))
