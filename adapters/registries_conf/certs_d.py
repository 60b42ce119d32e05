"""``certs.d`` folders of docker and podman: certificates for one registry.

``FOLDER/HOST[:PORT]/`` has ``*.crt``, authorities to trust beside the system's, and client
certificates as pairs of ``NAME.cert`` and ``NAME.key`` (docs.docker.com, "Verify repository client
with certificates"; containers-certs.d(5)).
"""

from collections.abc import Callable, Iterable
from pathlib import Path
from threading import Lock

from manyfest.adapters.endpoint import Certificates
from manyfest.adapters.files.os_error_text import os_error_text
from manyfest.domain.errors import ConfigError

OnWarning = Callable[[str], None]

_PARTNERS = {".cert": ".key", ".key": ".cert"}


class CertificateFolders:
    """The certificates in several folders together, read at the first call for a host.

    A host's folder that cannot be read is skipped, and ``on_warning`` called. Thread-safe.
    """

    def __init__(self, folders: Iterable[Path], on_warning: OnWarning) -> None:
        self._folders = tuple(folders)
        self._on_warning = on_warning
        self._found: dict[str, Certificates] = {}
        self._lock = Lock()

    def certificates_for(self, host: str) -> Certificates:
        """Return the files for a registry, by its name in references. TLS reads them later.

        Raises ConfigError: half of a pair is missing.
        """
        with self._lock:
            if host not in self._found:
                self._found[host] = self._find(host)
            return self._found[host]

    def _find(self, host: str) -> Certificates:
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
            self._on_warning(f"the certificates in {folder} are not used: {reason}")
            return []


def _require_key_pair(file: Path, files: list[Path]) -> None:
    """Refuse half of a pair, as docker does.

    That a certificate is never sent would be hard to notice.
    """
    suffix = _PARTNERS.get(file.suffix)
    if suffix and file.with_suffix(suffix) not in files:
        reason = f"{file.with_suffix(suffix).name} is missing beside it"
        hint = " (an authority's certificate is named .crt)" if file.suffix == ".cert" else ""
        raise ConfigError(str(file), reason + hint)
