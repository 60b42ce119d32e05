"""Advice on commands and flags that do not exist, and on numbers of arguments."""

from collections.abc import Collection, Iterable, Mapping, Sequence

from manyfest.domain.lists.platform_normalisation import is_supported, normalised
from manyfest.domain.platforms import Platform

# First words of commands of docker, buildx, crane, regctl and oras: the next word is the command.
_GROUPS_ELSEWHERE = frozenset(
    {
        "artifact",
        "buildx",
        "docker",
        "help",
        "image",
        "index",
        "manifest",
        "registry",
        "repo",
        "tag",
    }
)

_WORDS = 4  # of a command of another tool, at most

# Commands of docker, podman, crane, regctl, oras, skopeo and manifest-tool, one word or two, by the
# group of ours in which they are typed.
_ELSEWHERE: Mapping[str, Mapping[str, str]] = {
    "": {
        "append": "add",
        "artifact list": "attached",
        "artifact tree": "attached",
        "catalog": "cache ls",
        "config": "inspect --config",
        "cp": "copy",
        "delete": "untag",
        "discover": "attached",
        "edit": "annotate",
        "exists": "digest",
        "export": "cache export",
        "fetch": "cache fetch",
        "from-args": "create --push",
        "from-spec": "apply",
        "fsck": "cache fsck",
        "gc": "cache gc",
        "get": "inspect --raw",
        "head": "digest",
        "help": "--help",
        "images": "cache ls",
        "import": "cache import",
        "index": "create",
        "index append": "create",
        "index delete": "drop",
        "index update": "add",
        "layers": "show --layers",
        "list": "ls",
        "list-tags": "tags",
        "load": "cache import",
        "log": "history",
        "manifest": "inspect",
        "manifest fetch": "inspect --raw",
        "manifest remove": "drop",
        "mod": "annotate",
        "mutate": "annotate",
        "prune": "cache gc",
        "pull": "cache fetch",
        "query": "cache query",
        "referrers": "attached",
        "remove": "rm",
        "repo": "tags",
        "repo ls": "cache ls",
        "resolve": "digest",
        "save": "cache export",
        "sync": "copy",
        "tag": "copy",
        "tag delete": "untag",
        "tag list": "tags",
        "tag ls": "tags",
        "tag rm": "untag",
        "tree": "show",
        "validate": "verify",
        "version": "--version",
        "whoami": "auth why",
    },
    "auth": {"login": "login", "logout": "logout"},
    "cache": {
        "clean": "cache gc",
        "clear": "cache gc --keep 0d",
        "prune": "cache gc",
        "purge": "cache gc --keep 0d",
        "rm": "cache gc",
        "list": "cache ls",
        "save": "cache export",
        "load": "cache import",
        "check": "cache fsck",
        "verify": "cache fsck",
    },
}

# Flags of docker, skopeo and buildx that are ours under another name, or that we do not take.
_FLAGS_ELSEWHERE = {
    "-p": "passwords are read from standard input: --password-stdin",
    "--password": "passwords are read from standard input: --password-stdin",
    "--dest-tls-verify": "use --insecure",
    "--src-tls-verify": "use --insecure",
    "--tls-verify": "use --insecure",
    "--plain-http": "use --insecure",
    "--debug": "MANYFEST_DEBUG=1 adds a traceback to errors",
    "-D": "MANYFEST_DEBUG=1 adds a traceback to errors",
    "--preserve-digests": "digests stay, unless --platform or --convert is given",
    "--recursive": "signatures, SBOMs and the like come along, unless --no-attached is given",
    "--all-tags": "manyfest copy copies all tags if SRC and DST both end with a slash",
    "--all": "manyfest copy copies all platforms, unless --platform is given",
    "--multi-arch": "manyfest copy copies all platforms, unless --platform is given",
    "--purge": "a push keeps the draft; manyfest rm removes it",
}


def on_unsupported(os: str, architecture: str) -> str:
    """Advise on a pair that no Go port has: an alias, or a system and architecture swapped."""
    usual = normalised(Platform(os, architecture))
    for named in (usual, Platform(usual.architecture, usual.os)):
        if is_supported(named.os, named.architecture):
            return f"did you mean {named.os}/{named.architecture}?"
    return ""


def on_conflict(command: str) -> str:
    """Advise on two images for one platform: list both, or keep one."""
    if command in {"create", "add"}:
        return "--replace in place of --strict keeps the later"
    return "--allow-duplicates lists both; manyfest create --push --replace keeps the later"


def on_unknown_command(path: str, group: str, words: Sequence[str], known: Collection[str]) -> str:
    """Advise on the first of ``words``, which is no command of ``group``.

    ``path`` is the group as typed, such as ``manyfest cache``; ``known`` are its commands.
    """
    if elsewhere := _found_elsewhere(group, words[:_WORDS], known):
        return f"did you mean {path.removesuffix(f' {group}')} {elsewhere}?"
    guess = _guess(words[0], known)
    return f"{guess}{path} --help lists the commands"


def _found_elsewhere(group: str, words: Sequence[str], known: Collection[str]) -> str:
    """Return our name of a command of other tools; empty if there is none."""
    table = _ELSEWHERE.get(group, {})
    first, *rest = words
    if rest and (pair := table.get(f"{first} {rest[0]}")):
        return pair
    if rest and not group and first in _GROUPS_ELSEWHERE:
        inner = rest[0] if rest[0] in known else _found_elsewhere(group, rest, known)
        if inner:
            return f"{inner} --help" if first == "help" else inner
    return table.get(first, "")


def on_arguments(path: str) -> str:
    """Advise on arguments of the command ``path``, which takes none; empty without advice."""
    program, _, command = path.rpartition(" ")
    return f" ({program} tags lists the tags of a repository)" if command == "ls" else ""


def on_unknown_flag(path: str, flag: str, known: Collection[str]) -> str:
    """Advise on ``flag``, which ``path``, a command or the program itself, does not have."""
    if elsewhere := _FLAGS_ELSEWHERE.get(flag):
        return elsewhere
    if flag.startswith("--") and (guess := _guess(flag[2:], [name[2:] for name in known], "--")):
        return f"{guess}{path} --help lists the options"
    if "--version" in known:  # of the program
        return f"options follow the command: {path} COMMAND {flag}"
    return f"{path} --help lists the options"


def _guess(word: str, known: Iterable[str], prefix: str = "") -> str:
    """Name the nearest of ``known``, after ``prefix``, if one is near."""
    from difflib import get_close_matches

    near = get_close_matches(word, known, n=1, cutoff=0.65)
    return f"did you mean {prefix}{near[0]}? " if near else ""
