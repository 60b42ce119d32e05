"""The histories of two images side by side: layers, and the commands that made them.

Theory of operation. A rebuild keeps the layers below the first step that changed, and makes all
above it again, mostly by the same commands. So steps are paired twice: first those of one layer
(the longest common subsequence of digests); then, in each gap between these, those of one command.
Checksums in a command do not count, because a builder writes that of the files into ``ADD`` and
``COPY``. What is left on a side was removed or added.
"""

import re
from collections.abc import Callable, Iterator, Sequence

from manyfest.domain.comparison.status import Status, sided
from manyfest.domain.descriptors import Descriptor
from manyfest.domain.images.build_history import BuildStep
from manyfest.domain.images.configuration import read_configuration
from manyfest.domain.manifests import Manifest
from manyfest.domain.values import frozen

# Of two gaps whose sizes multiplied are more, nothing is paired: that work grows by the square.
_MOST_PAIRS = 250_000
_CHECKSUM = re.compile("[0-9a-f]{32,}")
_TITLE = "org.opencontainers.image.title"


@frozen
class Step:
    """A step of a build, by its ``instruction``; ``layer`` is None if it made none."""

    instruction: str
    layer: Descriptor | None = None

    @property
    def size(self) -> int:
        """The size of its layer in bytes."""
        return self.layer.size if self.layer else 0


@frozen
class StepPair:
    """Two images' steps side by side; None where an image has none."""

    before: Step | None
    after: Step | None

    @property
    def status(self) -> Status:
        """SAME, CHANGED, ADDED or REMOVED. Of two layers the content alone counts."""
        if self.before and self.after and self.before.layer and self.after.layer:
            return sided(self.before.layer.digest, self.after.layer.digest)
        return sided(self.before, self.after)


def steps_of(manifest: Manifest, config: bytes | None) -> tuple[Step, ...]:
    """Return the steps that built an image; without a history that fits, its layers.

    ``config`` is that of the image, if it was read. The layer of an artifact goes by its title.
    """
    history = read_configuration(config).history if config is not None else ()
    layers = manifest.layers
    if sum(step.makes_layer for step in history) != len(layers):
        return tuple(Step(_title(layer), layer) for layer in layers)
    waiting = iter(layers)
    return tuple(
        Step(_command(step), next(waiting) if step.makes_layer else None) for step in history
    )


def side_by_side(before: Sequence[Step], after: Sequence[Step]) -> tuple[StepPair, ...]:
    """Pair the steps of two images, in the order of both."""
    return tuple(_paired(before, after, _content, _paired_by_command))


def _paired_by_command(before: Sequence[Step], after: Sequence[Step]) -> Iterator[StepPair]:
    return _paired(before, after, _purpose, _unpaired)


_Pairing = Callable[[Sequence[Step], Sequence[Step]], Iterator[StepPair]]


def _paired(
    before: Sequence[Step],
    after: Sequence[Step],
    key: Callable[[Step], object],
    between: _Pairing,
) -> Iterator[StepPair]:
    """Pair the steps of equal keys; ``between`` pairs those in the gaps."""
    left = right = 0
    common = _common([*map(key, before)], [*map(key, after)])
    for mine, theirs in common:
        yield from between(before[left:mine], after[right:theirs])
        yield StepPair(before[mine], after[theirs])
        left, right = mine + 1, theirs + 1
    yield from between(before[left:], after[right:])


def _unpaired(before: Sequence[Step], after: Sequence[Step]) -> Iterator[StepPair]:
    yield from (StepPair(step, None) for step in before)
    yield from (StepPair(None, step) for step in after)


def _content(step: Step) -> object:
    return step.layer.digest if step.layer else step.instruction


def _purpose(step: Step) -> object:
    """The command without checksums; a step of an unknown one is like no other."""
    if not step.instruction:
        return id(step)
    return step.layer is None, _CHECKSUM.sub("", step.instruction)


def _common(before: Sequence[object], after: Sequence[object]) -> list[tuple[int, int]]:
    """Return the places of the longest common subsequence, in order."""
    shorter = min(len(before), len(after))
    head = next((i for i in range(shorter) if before[i] != after[i]), shorter)
    rest = shorter - head
    tail = next((i for i in range(rest) if before[-1 - i] != after[-1 - i]), rest)
    mine, theirs = before[head : len(before) - tail], after[head : len(after) - tail]
    return [
        *((i, i) for i in range(head)),
        *((head + i, head + j) for i, j in _longest(mine, theirs)),
        *((len(before) - i, len(after) - i) for i in range(tail, 0, -1)),
    ]


def _longest(before: Sequence[object], after: Sequence[object]) -> Iterator[tuple[int, int]]:
    """Yield the places of the longest common subsequence, by the table of its lengths."""
    if len(before) * len(after) > _MOST_PAIRS:
        return
    lengths = [[0] * (len(after) + 1) for _ in range(len(before) + 1)]
    for i in reversed(range(len(before))):
        for j in reversed(range(len(after))):
            is_same = before[i] == after[j]
            below, beside = lengths[i + 1][j], lengths[i][j + 1]
            lengths[i][j] = lengths[i + 1][j + 1] + 1 if is_same else max(below, beside)
    i = j = 0
    while i < len(before) and j < len(after):
        if before[i] == after[j]:
            yield i, j
            i, j = i + 1, j + 1
        elif lengths[i + 1][j] >= lengths[i][j + 1]:
            i += 1
        else:
            j += 1


def _command(step: BuildStep) -> str:
    return step.instruction or step.comment


def _title(layer: Descriptor) -> str:
    return layer.annotations.get(_TITLE, "")
