"""The advice on an error: of its circumstances, else of the table of exit codes."""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from manyfest.cli.advice import drafts, references, usage
from manyfest.cli.advice.remedies import continued, with_remedy
from manyfest.cli.exit_codes import meaning_of
from manyfest.domain import errors

# By the error's class: a function of the error, the command and its arguments.
_ADVICE: Mapping[type[BaseException], Callable[[Any, str, tuple[str, ...]], str]] = {
    errors.InvalidReferenceError: lambda e, _, __: references.on_malformed(e.text),
    errors.UnreachableError: lambda e, _, words: references.on_unreachable(e.host, words),
    errors.DraftUnknownError: lambda e, command, words: drafts.on_missing_draft(
        command, e.name, words
    ),
    errors.EntryUnknownError: lambda e, command, _: drafts.on_missing_entry(
        command, e.entry, e.name
    ),
    errors.ManifestUnknownError: lambda e, command, words: drafts.on_missing_manifest(
        command, e.reference, words
    ),
    errors.NeverSeenError: lambda e, _, __: drafts.on_uncached(e.reference),
    errors.UnauthorizedError: lambda e, command, _: _on_refusal(e, command),
    errors.DeniedError: lambda e, command, _: _on_refusal(e, command),
    errors.StoreError: lambda e, _, __: _on_store(e),
    errors.PlatformConflictError: lambda _, command, __: usage.on_conflict(command),
    errors.UnsupportedPlatformError: lambda e, _, __: usage.on_unsupported(e.os, e.architecture),
}


def _on_refusal(error: errors.AccessError, command: str) -> str:
    is_new = error.is_anonymous and error.host and command != "login"
    return f"manyfest login {error.host}" if is_new else ""


def _on_store(error: errors.StoreError) -> str:
    is_inaccessible = error.reason.startswith(("cannot be created", "cannot be opened"))
    return "set MANYFEST_STORE to a path that can be written" if is_inaccessible else ""


def advised(
    message: str,
    error: BaseException,
    arguments: Sequence[str],
    groups: Collection[str] = (),
    program: str = "manyfest",
) -> str:
    """Return ``message`` with the next step for the person who typed ``arguments``, if any.

    The remedy of the error comes first. Commands in it begin with ``program``, as in ``docker
    manyfest``. ``groups`` are the first words of commands with two. Of the flags only the names are
    recognised, so the value of a flag may be taken for an argument.
    """
    words = tuple(word for word in arguments if not word.startswith("-"))
    length = 2 if words[:1] and words[0] in groups else 1
    on = _ADVICE.get(type(error))
    advice = on(error, " ".join(words[:length]), words[length:]) if on else ""
    step = advice or meaning_of(error).hint
    return continued(with_remedy(message, error), step.replace("manyfest ", f"{program} "))
