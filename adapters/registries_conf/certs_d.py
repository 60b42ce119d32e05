"""``certs.d`` folders: certificates for one registry, as docker and podman keep them.

``FOLDER/HOST[:PORT]/`` has ``*.crt``, authorities to trust beside the system's, and pairs of
``NAME.cert`` and ``NAME.key``, who we are (docs.docker.com, "Verify repository client with
certificates"; containers-certs.d(5)).
"""

from collections.abc import Callable, Iterable
from pathlib import Path
from threading import Lock

from manyfest.adapters.endpoint import Certificates
from manyfest.adapters.files.os_error_text import os_error_text
from manyfest.domain.errors import ConfigError

Warn = Callable[[str], None]

_PARTNERS = {".cert": ".key", ".key": ".cert"}


class CertificateFolders:
    """What the folders have, all of them together. Read when a host is first asked for.

    ``warn`` is told of a host's folder that cannot be looked into: it is passed over. Thread-safe.
    """

    def __init__(self, folders: Iterable[Path], warn: Warn) -> None:
        self._folders = tuple(folders)
        self._warn = warn
        self._found: dict[str, Certificates] = {}
        self._lock = Lock()

    def certificates_for(self, host: str) -> Certificates:
        """For a registry, by its name in references. Whether files are any use shows later.

        Raises ConfigError: half of a pair is missing.
        """
        with self._lock:
            if host not in self._found:
                self._found[host] = self._look_for(host)
            return self._found[host]

    def _look_for(self, host: str) -> Certificates:
        found = [self._in(folder / host) for folder in self._folders]
        return Certificates(
            tuple(file for one in found for file in one.authorities),
            tuple(pair for one in found for pair in one.identities),
        )

    def _in(self, folder: Path) -> Certificates:
        files = self._files(folder)
        for file in files:
            _require_key_pair(file, files)
        return Certificates(
            tuple(str(file) for file in files if file.suffix == ".crt"),
            tuple(
                (str(file), str(file.with_suffix(_PARTNERS[".cert"])))
                for file in files
                if file.suffix == ".cert"
            ),
        )

    def _files(self, folder: Path) -> list[Path]:
        try:
            return sorted(folder.iterdir())
        except (FileNotFoundError, NotADirectoryError):
            return []
        except OSError as error:
            reason = os_error_text(error)
            self._warn(f"the certificates in {folder} are not used: {reason}")
            return []


def _require_key_pair(file: Path, files: list[Path]) -> None:
    """docker, too, stops here: a certificate that is not sent is hard to find."""
    suffix = _PARTNERS.get(file.suffix)
    if suffix and file.with_suffix(suffix) not in files:
        reason = f"{file.with_suffix(suffix).name} is missing beside it"
        hint = " (an authority's certificate is named .crt)" if file.suffix == ".cert" else ""
        raise ConfigError(str(file), reason + hint)
