"""An image as the reader of a Dockerfile wants it: its config, then the steps that built it."""

import json
from collections.abc import Iterator, Sequence

from manyfest.cli.output import printable
from manyfest.cli.rendering.fitting import shorten
from manyfest.cli.rendering.humanize import format_size, padded
from manyfest.cli.rendering.show.list_tree import (
    ViewForm,
    attached_lines,
    compression_of,
    digest_text,
    format_created,
    head_lines,
)
from manyfest.domain.images.build_history import BuildStep, sizes_of
from manyfest.domain.images.configuration import Configuration
from manyfest.domain.operations.views.overview import Overview, layers_of

_LABEL = 12  # columns of the names of members
_BESIDE = 25  # columns beside the digest of a layer


def image_lines(view: Overview, config: Configuration, form: ViewForm) -> Iterator[str]:
    """Yield the head, the members of the config that are set, the steps, and what is attached."""
    yield from head_lines(view, form)
    if config.fault:
        yield form.screen.paint(_cut(f"config: {config.fault}", form), "error")
    members = [*_members(config)]
    if members:
        yield ""
        yield from (line for name, texts in members for line in _member(name, texts, form))
    yield from _history(view, config, form)
    if form.has_layers:
        yield from _layers(view, form)
    yield from attached_lines(view, form)


def _members(config: Configuration) -> Iterator[tuple[str, Sequence[str]]]:
    exec_forms = {
        "entrypoint": config.entrypoint,
        "cmd": config.command,
        "shell": config.shell,
        "healthcheck": config.health_test,
    }
    single = {
        **{name: _exec_form(words) for name, words in exec_forms.items()},
        "user": config.user,
        "workdir": config.working_dir,
        "ports": ", ".join(config.ports),
        "volumes": ", ".join(config.volumes),
        "stop signal": config.stop_signal,
        "author": config.author,
    }
    yield from ((name, (text,)) for name, text in single.items() if text)
    labels = tuple(f"{key}={value}" for key, value in config.labels.items())
    several = {"env": config.env, "onbuild": config.on_build, "labels": labels}
    yield from ((name, texts) for name, texts in several.items() if texts)


def _exec_form(words: Sequence[str] | None) -> str:
    return json.dumps(list(words), ensure_ascii=False) if words else ""


def _member(name: str, texts: Sequence[str], form: ViewForm) -> Iterator[str]:
    """Yield a line a text; the first has the name before it."""
    for label, text in zip([name, *[""] * (len(texts) - 1)], texts, strict=True):
        shown = _cut(text, form, _LABEL)
        yield form.screen.paint(label, "strong") + padded("", _LABEL - len(label)) + shown


def _history(view: Overview, config: Configuration, form: ViewForm) -> Iterator[str]:
    """Yield the steps, oldest first, as in a Dockerfile: time, size of the layer, instruction."""
    if not config.history:
        return
    layers = [layer.size for layer in layers_of(view.manifest)]
    sizes = sizes_of(config.history, layers)
    times = [_time(step, form) for step in config.history]
    texts = ["" if size is None else format_size(size) if size else "-" for size in sizes]
    widths = [max(map(len, column)) for column in (times, texts)]
    yield ""
    yield form.screen.paint("history", "strong")
    for step, time, size in zip(config.history, times, texts, strict=True):
        before = f"  {time:<{widths[0]}}  {size:>{widths[1]}}  "
        instruction = step.instruction or step.comment or "(not stated)"
        yield form.screen.paint(before, "faint") + _cut(instruction, form, len(before))


def _time(step: BuildStep, form: ViewForm) -> str:
    return format_created(step.created, form) if step.created else ""


def _layers(view: Overview, form: ViewForm) -> Iterator[str]:
    yield ""
    yield form.screen.paint("layers", "strong")
    room = None if form.screen.width is None else form.screen.width - _BESIDE
    for layer in layers_of(view.manifest):
        digest = digest_text(layer.digest, room)
        line = f"{digest}  {format_size(layer.size):>7}  {compression_of(layer)}"
        yield f"  {_cut(line, form, 2)}"


def _cut(text: str, form: ViewForm, margin: int = 0) -> str:
    """Escape a text, and cut its end at the edge of the screen."""
    width = form.screen.width
    if width is None:
        return printable(text)
    room = max(width - margin, 1)
    return shorten(printable(text[: room + 1]), room, "end")
