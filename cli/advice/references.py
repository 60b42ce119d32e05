"""Advice on texts that are no references, and on references to a place that is not there."""

import re
from pathlib import Path

# The beginning of a text that another tool takes, and what we write in its place.
_PREFIXES = {
    "docker://": "write it without docker://",
    "https://": "write it without https://",
    "http://": "write it without http://; --insecure allows plain HTTP",
    "dir:": "of folders only OCI layouts are read, written oci:DIR[:TAG]",
    "oci-layout:": "a layout is written oci:DIR[:TAG]",
    "ocidir:": "a layout is written oci:DIR[:TAG]",
    "containers-storage:": "images of the engine are read from an archive: podman save",
    "docker-daemon:": "images of the engine are read from an archive: docker save",
}
_ARCHIVES = (".tar", ".tar.gz", ".tgz")
_TRUNCATED = re.compile(r"@sha256:([0-9a-fA-F]{0,63})(?![0-9a-fA-F])")
_TAG_CHARACTERS = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")
_LONGEST_TAG = 128
_HOST_AND_PORT = re.compile(r"(?:localhost|[^/:]*\.[^/:]*):[0-9]+")


def on_malformed(text: str) -> str:
    """Advise on ``text``, which is no reference; empty where there is nothing to add."""
    if text == "-":
        return "manyfest inspect -f - reads references from standard input"
    for prefix, advice in _PREFIXES.items():
        if text.startswith(prefix):
            return advice
    if text.startswith(("./", "../", "/", "~")):
        return f"for a folder write oci:{_layout(text)}"
    if truncated := _TRUNCATED.search(text):
        return f"the digest is truncated: {len(truncated[1])} of 64 hex digits"
    name = text.partition("@")[0]
    lower = _with_lower_path(name)
    return _on_tag(name) if lower == name else f"use lower case: {lower}"


def on_unreachable(host: str, words: tuple[str, ...]) -> str:
    """Advise on ``words`` of a command that asked ``host``, which cannot be reached.

    A word that is the host was taken for one, as a mirror or where a registry is asked about.
    """
    for word in words:
        if _HOST_AND_PORT.fullmatch(word) and word != host:
            return f"{word} looks like a registry: add a repository, as in {word}/app:1"
        if (Path(_folder(word)) / "oci-layout").is_file():
            return f"did you mean the layout oci:{word}?"
        if word.endswith(_ARCHIVES) and not Path(word).exists():  # else a note says so
            return (
                f"if {word} is a file: manyfest cache export writes it, oci-archive:{word} reads it"
            )
    if any(word.startswith("localhost/") for word in words):
        return (
            "localhost is asked on its ports 443 and 80; is a port missing, as in localhost:5000?"
        )
    return ""


def _on_tag(name: str) -> str:
    path, colon, tag = name.rpartition(":")
    if not colon or "/" in tag:
        return ""
    if len(tag) > _LONGEST_TAG:
        return f"a tag has at most {_LONGEST_TAG} characters, and this has {len(tag)}"
    if tag and not _TAG_CHARACTERS.fullmatch(tag):
        return "a tag has letters, digits and _.- only, and does not begin with . or -"
    return f"write the tag once: {path}" if ":" in path.rpartition("/")[2] else ""


def _with_lower_path(name: str) -> str:
    path, colon, tag = name.rpartition(":")
    has_tag = bool(colon) and "/" not in tag
    return f"{path.lower()}:{tag}" if has_tag else name.lower()


def _layout(text: str) -> str:
    """Return the layout of a path; a tag is asked for where none is given."""
    return text if ":" in text.rpartition("/")[2] else f"{text.rstrip('/')}:TAG"


def _folder(word: str) -> str:
    folder, colon, tag = word.rpartition(":")
    return folder if colon and "/" not in tag else word
