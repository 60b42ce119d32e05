"""The flow of ``inspect -f``: inspects many images and lists, in slices."""

from collections.abc import Iterator
from itertools import islice, takewhile

from manyfest.assembly.references import resolve_source
from manyfest.cli.arguments.reference_files import references_in
from manyfest.cli.exit_codes import FAILED, ExitError, meaning_of
from manyfest.cli.output import fail, write_lines
from manyfest.cli.rendering.json_lines import failure_line, found_line
from manyfest.cli.wiring import Session
from manyfest.domain.errors import ManyfestError, TooManyBytesError
from manyfest.domain.operations.resolve import Resolved
from manyfest.domain.operations.views.inspect import inspect_each
from manyfest.domain.references import Reference
from manyfest.domain.values import frozen

# References per slice; fewer where these documents would fill the memory.
_SLICE = 128


@frozen
class _Failure:
    """The error of one line's reference; ``written`` is canonical if it parses."""

    written: str
    error: ManyfestError


def inspect_many(file: str, session: Session) -> None:
    """Print a line of JSON for each reference in ``file``, in its order.

    ``-`` is standard input. A failure is a line, too, and makes the exit code 1. The deadline
    restarts after each slice in which something was read. Raises OSError: the file cannot be read.
    """
    asked = failed = 0
    with references_in(file) as lines:
        for answers in _answers(lines, session):
            write_lines(_line(answer, session) for answer in answers)
            asked += len(answers)
            failed += sum(isinstance(answer, _Failure) for answer in answers)
            if any(isinstance(answer, Resolved) for answer in answers):
                session.restart_deadline()
    if failed:
        fail(f"{failed} of {asked} could not be read")
        raise ExitError(FAILED)


def _answers(lines: Iterator[str], session: Session) -> Iterator[tuple[Resolved | _Failure, ...]]:
    """Yield the answers for slices of ``lines``; smaller ones where documents are large."""
    waiting: tuple[str, ...] = ()
    while texts := (*waiting, *islice(lines, _SLICE - len(waiting))):
        read = _read_all(texts, session)
        whole = tuple(takewhile(lambda text: not _is_crowded(read[text]), texts))  # noqa: B023
        if not whole:
            whole, read = texts[:1], _read_all(texts[:1], session)
        waiting = texts[len(whole) :]
        yield tuple(read[text] for text in whole)


def _is_crowded(answer: Resolved | _Failure) -> bool:
    return isinstance(answer, _Failure) and isinstance(answer.error, TooManyBytesError)


def _read_all(texts: tuple[str, ...], session: Session) -> dict[str, Resolved | _Failure]:
    named = {text: _reference(text, session) for text in texts}
    references = {text: name for text, name in named.items() if isinstance(name, Reference)}
    session.connect_early(tuple(dict.fromkeys(references.values())))
    read = inspect_each(tuple(references.values()), ports=session)
    failed = {text: name for text, name in named.items() if isinstance(name, _Failure)}
    return failed | {
        text: answer if isinstance(answer, Resolved) else _Failure(str(name), answer)
        for (text, name), answer in zip(references.items(), read, strict=True)
    }


def _reference(text: str, session: Session) -> Reference | _Failure:
    try:
        return resolve_source(text, session)
    except ManyfestError as error:
        return _Failure(text, error)


def _line(answer: Resolved | _Failure, session: Session) -> str:
    if isinstance(answer, _Failure):
        return failure_line(answer.written, answer.error, meaning_of(answer.error).code)
    return found_line(answer, session.unconfirmed.get(answer.reference))
