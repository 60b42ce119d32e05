"""The commands that are killed, with those that run before and after each."""

from attrs import frozen

from manyfest.cli.process.command_group import COMMANDS

Words = tuple[str, ...]
SOURCES = ("{host}/from/one:1", "{host}/from/two:1", "{host}/from/three:1")
UNNEEDED = "{host}/from/four:1"
DOCKER_DRAFT = "{host}/from/docker:1"  # made by docker, from all sources

_CREATE = ("create", "{list}", *SOURCES)
_AMEND = ("create", "--amend", "{list}", *SOURCES)
_OTHER = ("create", "{host}/other:1", SOURCES[0])
_GC = ("cache", "gc", "--keep", "0d")
_ANNOTATE = ("annotate", "{list}", SOURCES[1], "--variant", "v8", "--os-version", "1")
_OLD = (("create", "{list}", SOURCES[0]), ("push", "{list}"))


@frozen
class Scene:
    """``killed`` is killed after ``before`` has run; ``again`` must then work at once.

    ``accepted`` are the exit codes of ``again`` that are no failure: if the killed command had
    finished already, running it again may say so.
    """

    before: tuple[Words, ...]
    killed: Words
    again: Words
    accepted: tuple[int, ...] = (0,)
    name: str = "{host}/{number}/app:1"


_SCENES = {
    "create": Scene((_OTHER,), _CREATE, _AMEND),
    "create, no store yet": Scene((), _CREATE, _AMEND),
    "create, amending": Scene((("create", "{list}", SOURCES[2]),), _AMEND, _AMEND),
    "create and push": Scene(_OLD, ("create", "--push", *_CREATE[1:]), (*_AMEND, "--push")),
    "annotate": Scene((_CREATE,), _ANNOTATE, _ANNOTATE),
    "push": Scene((*_OLD, _CREATE), ("push", "{list}"), ("push", "{list}")),
    "push into a layout": Scene(
        (*_OLD, _CREATE), ("push", "{list}"), ("push", "{list}"), name="oci:{folder}/layout:1"
    ),
    "rm": Scene((_CREATE,), ("rm", "{list}"), ("rm", "{list}"), accepted=(0, 3)),
    "import": Scene((_OTHER,), ("import-docker",), ("import-docker", "--force"), name=DOCKER_DRAFT),
    "cache gc": Scene((("inspect", UNNEEDED), _CREATE), _GC, _GC),
}


def _command(words: Words) -> str:
    return " ".join(words[:2]) if words[0] == "cache" else words[0]


SCENES = {name: each for name, each in _SCENES.items() if _command(each.killed) in COMMANDS}
COMMANDS_RUN = {_command(each.killed) for each in SCENES.values()}
