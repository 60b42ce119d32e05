"""Images that a Dockerfile uses (Dockerfile reference, ``docs.docker.com/reference/dockerfile``).

``FROM`` and ``COPY --from`` name images, or stages of the same file, which are left out. Variables
in ``FROM`` have the defaults of the ``ARG`` before the first stage; ``TARGETPLATFORM`` and its like
are of the build, so that a platform made of them is none. Lines of a heredoc are no instructions.
"""

import re
from collections.abc import Iterator, Mapping

from manyfest.domain.image_uses.image_use import ImageUse, replaced, use_of
from manyfest.domain.values import frozen

_DIRECTIVE = re.compile(r"#\s*(syntax|escape)\s*=\s*(\S+)\s*", re.IGNORECASE)
_INSTRUCTION = re.compile(r"\s*([A-Za-z]+)\s+(.*)", re.DOTALL)
_FROM = re.compile(r"((?:--\S+\s+)*)((?:\$\{[^{}]*\}|\S)+)(?:\s+AS\s+(\S+))?\s*", re.IGNORECASE)
_PLATFORM = re.compile(r"--platform=(\S+)")
_COPIED = re.compile(r"--from=(\S+)")
_MOUNTED = re.compile(r"--mount=(\S+)")
_MOUNT_SOURCE = re.compile(r"(?:^|,)from=([^,]+)")
_ARGUMENT = re.compile(r"(\w+)(?:=(\"[^\"]*\"|'[^']*'|\S*))?", re.ASCII)
# A word of its own, as BuildKit's parser has it: neither a shift (``1 << 2``) nor a part of a text.
_HEREDOC = re.compile(r"(?:^|\s)\d*<<-?([\"']?)([^\s<\"']+)\1(?=\s|$)")
_QUOTED = re.compile(r"(?<!<<)(?<!<<-)(?:\"[^\"]*\"|'[^']*')")
_OF_A_REGISTRY = re.compile(r"[/:@]")
_FIRST = re.compile(r"(?:FROM|ARG)\s", re.IGNORECASE)


@frozen
class _Line:
    """An instruction, without its continuations, on its first line."""

    word: str
    rest: str
    number: int


def is_dockerfile(text: str) -> bool:
    """Return whether the first instruction of ``text`` is one that a Dockerfile begins with."""
    lines = (line.strip() for line in text.splitlines())
    first = next((line for line in lines if line and not line.startswith("#")), "")
    return _FIRST.match(first) is not None


def images_in_dockerfile(text: str) -> Iterator[ImageUse]:
    """Yield the images that a Dockerfile uses, in its order."""
    directives, arguments, stages = _directives(text), dict[str, str](), dict[str, None]()
    if syntax := directives.get("syntax"):
        yield ImageUse(syntax[0], syntax[1])
    for line in _instructions(text, directives.get("escape", ("\\", 0))[0]):
        if line.word == "ARG" and not stages:
            arguments |= _argument(line.rest, arguments)
        elif line.word == "FROM" and (found := _FROM.fullmatch(line.rest)):
            flags, name, stage = found.groups()
            platform = _PLATFORM.search(flags)
            used = use_of(name, line.number, arguments, platform[1] if platform else "")
            if not _is_stage(used.name, stages):
                yield used
            stages[str(len(stages))] = None
            stages[(stage or used.name).lower()] = None
        else:
            yield from _sources(line, arguments, stages)


def _sources(
    line: _Line, arguments: Mapping[str, str], stages: Mapping[str, None]
) -> Iterator[ImageUse]:
    """Yield the images that an instruction copies from, or mounts."""
    names: list[str] = []
    if line.word == "ONBUILD" and (inner := _INSTRUCTION.fullmatch(line.rest)):
        if (word := inner[1].upper()) != "ONBUILD":  # docker refuses a second one
            later = _sources(_Line(word, inner[2].strip(), line.number), arguments, stages)
            # Another name may be a stage of the build that runs the instruction.
            yield from (use for use in later if _OF_A_REGISTRY.search(use.name))
    elif line.word == "COPY" and (copied := _COPIED.search(line.rest)):
        names = [copied[1]]
    elif line.word == "RUN":
        mounts = (_MOUNT_SOURCE.search(mount) for mount in _MOUNTED.findall(line.rest))
        names = [mount[1] for mount in mounts if mount]
    for name in names:
        used = use_of(name, line.number, arguments)
        if not _is_stage(used.name, stages):
            yield used


def _is_stage(name: str, stages: Mapping[str, None]) -> bool:
    return name.lower() in stages or name == "scratch"


def _argument(rest: str, arguments: Mapping[str, str]) -> dict[str, str]:
    """Return the arguments with a default; ``ARG`` may declare several."""
    found: dict[str, str] = {}
    for match in _ARGUMENT.finditer(rest):
        if match[2] is not None:
            value, unknown = replaced(match[2].strip("\"'"), {**arguments, **found})
            if not unknown:
                found[match[1]] = value
    return found


def _directives(text: str) -> dict[str, tuple[str, int]]:
    """Return the directives with their lines: comments before all else."""
    found: dict[str, tuple[str, int]] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        match = _DIRECTIVE.fullmatch(line.strip())
        if match is None:
            break
        found.setdefault(match[1].lower(), (match[2], number))
    return found


def _instructions(text: str, escape: str) -> Iterator[_Line]:
    """Yield the instructions, each in one line, without comments and heredocs."""
    parts: list[str] = []
    first, ends = 0, list[str]()
    for number, line in enumerate(text.splitlines(), start=1):
        if ends:
            ends = ends[1:] if line.strip() == ends[0] else ends
            continue
        if line.lstrip().startswith("#") or not line.strip():
            continue
        first = first if parts else number
        is_continued = line.rstrip().endswith(escape)
        parts.append(line.rstrip().removesuffix(escape))
        if is_continued:
            continue
        whole, parts = " ".join(parts), []
        if match := _INSTRUCTION.fullmatch(whole):
            word = match[1].upper()
            yield _Line(word, match[2].strip(), first)
            if word in {"RUN", "COPY", "ADD"}:
                ends = [end for _, end in _HEREDOC.findall(_QUOTED.sub("", match[2]))]
