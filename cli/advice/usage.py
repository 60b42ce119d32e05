"""Advice on commands and flags that do not exist, and on numbers of arguments."""

from collections.abc import Iterable, Mapping

from manyfest.domain.lists.platform_normalisation import is_supported, normalised
from manyfest.domain.platforms import Platform

# Commands of docker, podman, crane, regctl, oras and skopeo, by the group in which they are typed.
_ELSEWHERE: Mapping[str, Mapping[str, str]] = {
    "": {
        "cp": "copy",
        "delete": "rm",
        "remove": "rm",
        "list": "ls",
        "images": "cache ls",
        "pull": "cache fetch",
        "fetch": "cache fetch",
        "save": "cache export",
        "export": "cache export",
        "load": "cache import",
        "import": "cache import",
        "query": "cache query",
        "gc": "cache gc",
        "prune": "cache gc",
        "fsck": "cache fsck",
        "log": "history",
        "manifest": "inspect",
        "index": "create",
        "tag": "copy",
        "catalog": "cache ls",
        "whoami": "auth why",
    },
    "cache": {
        "clean": "cache gc",
        "clear": "cache gc --keep 0d",
        "prune": "cache gc",
        "purge": "cache gc --keep 0d",
        "rm": "cache gc",
        "list": "cache ls",
        "pull": "cache fetch",
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


def on_unknown_command(path: str, word: str, known: Iterable[str]) -> str:
    """Advise on ``word``, which is no command of the group ``path``, such as ``manyfest cache``."""
    group = path.partition(" ")[2]
    if elsewhere := _ELSEWHERE.get(group, {}).get(word):
        return f"did you mean manyfest {elsewhere}?"
    guess = _guess(word, known)
    return f"{guess}{path} --help lists the commands"


def on_unknown_flag(path: str, flag: str, known: Iterable[str]) -> str:
    """Advise on ``flag``, which the command ``path`` does not have."""
    if elsewhere := _FLAGS_ELSEWHERE.get(flag):
        return elsewhere
    guess = _guess(flag, known) if flag.startswith("--") else ""
    return f"{guess}{path} --help lists the options"


def _guess(word: str, known: Iterable[str]) -> str:
    """Name the nearest of ``known``, if one is near."""
    from difflib import get_close_matches

    near = get_close_matches(word, known, n=1, cutoff=0.65)
    return f"did you mean {near[0]}? " if near else ""
