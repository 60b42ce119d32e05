"""Every command and option of the command line is reachable from the library, or it says why not.

The table has the place of each option: a parameter of a method, of ``Client`` itself, or a reason.
"""

from importlib import import_module
from inspect import signature

import pytest

from manyfest import Client, Draft, Image
from manyfest.cli.process.command_group import COMMANDS
from manyfest.library.cache import Cache

# Reasons for which the library has no such option.
VALUE = "a result is a value: print, sort and filter it"
FILE = "a script reads and writes its own files"
SERVER = "a program of its own: start it as one"
TERMINAL = "of a terminal or a shell"
BUILDX = "buildx's words for what other commands have"
LOOP = "a script has loops"
REASONS = {VALUE, FILE, SERVER, TERMINAL, BUILDX, LOOP}

# The method of each command, or the reason why it has none.
METHODS = {
    "create": Client.create,
    "annotate": Draft.annotate,
    "inspect": Client.inspect,
    "push": Draft.push,
    "rm": Draft.remove,
    "add": Draft.add,
    "drop": Draft.drop,
    "ls": Client.drafts,
    "publish": Client.publish,
    "imagetools create": BUILDX,
    "imagetools inspect": BUILDX,
    "apply": Client.apply,
    "lock": Client.lock,
    "show": Client.show,
    "digest": Client.digest,
    "tags": Client.tags,
    "diff": Client.diff,
    "verify": Client.verify,
    "history": Client.history,
    "who": Client.who,
    "outdated": Client.outdated,
    "attached": Client.attached,
    "sbom": Client.sbom,
    "provenance": Client.provenance,
    "explore": SERVER,
    "copy": Client.copy,
    "promote": Client.promote,
    "undo": Client.undo,
    "untag": Client.untag,
    "serve": SERVER,
    "cache fetch": Cache.fetch,
    "cache export": Cache.export,
    "cache import": Cache.import_,
    "cache push": Cache.push,
    "cache pull": Cache.pull,
    "cache copy": Cache.copy,
    "cache ls": Cache.ls,
    "cache stats": Cache.stats,
    "cache query": Cache.query,
    "cache gc": Cache.gc,
    "cache fsck": Cache.fsck,
    "login": Client.login,
    "logout": Client.logout,
    "auth why": Client.explain_auth,
    "doctor": Client.doctor,
    "import-docker": Client.import_docker,
    "plugin install": TERMINAL,
    "completion": TERMINAL,
    "schema": FILE,
    "demo": TERMINAL,
}

# Options of the same meaning in all commands: parameters of the client, or reasons.
COMMON = {
    **dict.fromkeys(("offline", "max-age", "stale-if-error", "insecure", "authfile"), Client),
    **dict.fromkeys(("jobs", "timeout", "chunk-size"), Client),
    **dict.fromkeys(("creds", "src-creds", "dest-creds"), (Client, "credentials")),
    **dict.fromkeys(("json", "sort", "columns", "no-trunc", "quiet", "verbose"), VALUE),
    **dict.fromkeys(("digest-file", "metadata-file", "format", "exit-code"), VALUE),
    "no-attached": "attached",
    "platform": ("platforms", "platform"),
    "annotation": "annotations",
    "no-attestations": "attestations",
    "tag": "tags",
    "dry-run": "dry_run",
    "replace": "on_conflict",
    "strict": "on_conflict",
}

# The rest, by command and option.
OTHERS = {
    ("create", "push"): Draft.push,
    ("create", "allow-empty"): "sources",
    **{("create", name): (Draft.push, "attached") for name in ("attached", "no-attached")},
    **{("create", name): Draft.push for name in ("expect", "merge", "untagged", "purge")},
    ("create", "foreign-layers"): Draft.push,
    ("create", "expect-platforms"): Draft.push,
    ("create", "tag"): (Draft.push, "tags"),
    ("create", "dry-run"): (Draft.push, "dry_run"),
    ("annotate", "index"): Draft.annotate_list,
    ("annotate", "artifact-type"): Draft.annotate_list,
    ("annotate", "subject"): Draft.annotate_list,
    ("inspect", "raw"): Image.raw,
    ("inspect", "config"): Image.config,
    ("inspect", "remote"): Client.draft,
    ("inspect", "file"): LOOP,
    **{("publish", name): FILE for name in ("digests", "bake-metadata", "meta", "labels")},
    **{("publish", name): FILE for name in ("github", "results-dir")},
    ("publish", "image"): "tags",
    **{("apply", name): LOOP for name in ("platforms", "template")},
    **{("apply", name): (Client.publish, "tags") for name in ("target", "tags")},
    ("apply", "locked"): "lock",
    ("lock", "output"): FILE,
    **{
        ("copy", name): Client.copy_repository for name in ("tags", "semver", "since", "prune-plan")
    },
    ("show", "layers"): VALUE,
    ("show", "annotations"): VALUE,
    ("tags", "long"): Client.tag_details,
    ("tags", "like"): Client.tag_details,
    ("tags", "filter"): "patterns",
    ("tags", "sort"): "by_version",
    ("tags", "limit"): VALUE,
    ("diff", "entries"): "reads_images",
    ("verify", "rules"): VALUE,
    ("verify", "file"): LOOP,
    ("history", "import"): Client.import_history,
    ("outdated", "file"): "files",
    ("outdated", "every"): LOOP,
    ("outdated", "exec"): LOOP,
    ("attached", "tree"): VALUE,
    ("attached", "get"): Client.read_attached,
    ("provenance", "dockerfile"): VALUE,
    ("copy", "referrers"): "attached",
    ("cache fetch", "file"): LOOP,
    ("cache export", "draft"): "drafts",
    ("cache export", "drafts"): "all_drafts",
    ("cache import", "as"): "name",
    ("cache import", "no-layers"): "layers",
    ("cache push", "all"): LOOP,
    ("cache push", "yes"): TERMINAL,
    ("cache query", "csv"): VALUE,
    ("cache query", "views"): Cache.views,
    ("login", "username"): "username",
    ("login", "password-stdin"): "password",
    **{(name, "filter"): VALUE for name in ("ls", "cache ls", "history", "who")},
    **{(name, "filter"): VALUE for name in ("outdated", "attached", "sbom")},
}


# Options that are methods of their own.
METHODS_OF_OPTIONS = {
    ("create", "push"),
    ("annotate", "index"),
    ("inspect", "config"),
    ("inspect", "remote"),
    ("promote", "from"),
    ("tags", "long"),
    ("attached", "get"),
    ("history", "import"),
    ("cache query", "views"),
}


def options() -> list[tuple[str, str]]:
    """The options of all commands that have a method."""
    found = []
    for name, module in COMMANDS.items():
        command = import_module(f"manyfest.cli.commands.{module}").command
        if METHODS.get(name) not in REASONS:
            found += [(name, parameter.flag.name) for parameter in command.parameters]
    return found


def test_every_command_has_a_method_or_a_reason():
    assert set(METHODS) == set(COMMANDS)


@pytest.mark.parametrize(("command", "option"), options())
def test_every_option_is_a_parameter_or_has_a_reason(command, option):
    place = OTHERS.get((command, option)) or COMMON.get(option) or option.replace("-", "_")
    if place in REASONS:
        return
    owner, names = METHODS[command], place
    if isinstance(place, property) or (command, option) in METHODS_OF_OPTIONS:
        return
    if isinstance(place, tuple) and callable(place[0]):
        owner, names = place
    elif callable(place):
        owner, names = place, option.replace("-", "_")
    wanted = (names,) if isinstance(names, str) else names
    assert set(wanted) & set(signature(owner).parameters)


def test_no_row_is_left_of_an_option_that_is_gone():
    known = set(options())
    assert set(OTHERS) - known == set()
    assert METHODS_OF_OPTIONS - known == set()
    assert set(COMMON) - {option for _, option in known} == set()
