"""Credential helpers for tests: small programs in a folder that is put on PATH."""

import json
import sys
from pathlib import Path

import pytest
from attrs import frozen

_KEEPER = """\
#!{python}
import json, os, sys
from pathlib import Path
kept, verb, given = Path({kept!r}), sys.argv[1], sys.stdin.read()
log = Path({log!r})
with log.open("a") as file:
    file.write(json.dumps([verb, given, sys.argv[2:]]) + "\\n")
secrets = json.loads(kept.read_text())
if verb == "store":
    entry = json.loads(given)
    secrets[entry["ServerURL"]] = [entry["Username"], entry["Secret"]]
elif given not in secrets:
    print("credentials not found in native keychain")
    sys.exit(1)
elif verb == "get":
    user, secret = secrets[given]
    print(json.dumps({{"ServerURL": given, "Username": user, "Secret": secret}}))
else:
    del secrets[given]
kept.write_text(json.dumps(secrets))
"""


@frozen
class HelperFolder:
    """A folder on PATH with helpers of the test's making."""

    folder: Path

    def script(self, name: str, body: str) -> Path:
        """A helper ``docker-credential-NAME`` that is a shell script."""
        return self._program(name, f"#!/bin/sh\n{body}\n")

    def keeper(self, name: str, secrets: dict[str, tuple[str, str]] | None = None) -> Path:
        """A helper that keeps secrets as the protocol says, beginning with these by server."""
        kept, log = self.folder / f"{name}.json", self.folder / f"{name}.log"
        kept.write_text(json.dumps(secrets or {}))
        text = _KEEPER.format(python=sys.executable, kept=str(kept), log=str(log))
        return self._program(name, text)

    def kept(self, name: str) -> dict[str, list[str]]:
        """The credentials that the helper has stored now."""
        return json.loads((self.folder / f"{name}.json").read_text())

    def asked(self, name: str) -> list[list[object]]:
        """The keeper's calls: verb, standard input, further arguments."""
        log = self.folder / f"{name}.log"
        return [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []

    def _program(self, name: str, text: str) -> Path:
        path = self.folder / f"docker-credential-{name}"
        path.write_text(text)
        path.chmod(0o755)
        return path


def helper_folder(folder: Path, monkeypatch: pytest.MonkeyPatch) -> HelperFolder:
    """An empty one, first on PATH."""
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder), prepend=":")
    return HelperFolder(folder)
