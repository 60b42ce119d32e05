"""``auth.json`` of podman, buildah and skopeo.

It has credentials for registries and for parts of them. The rules are those of
containers-auth.json(5): a key is a registry, or a registry and a path; the longest matching key
counts; and ``credHelpers`` go before ``auths``.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path

from manyfest.adapters.credentials.credential_helper import Helpers
from manyfest.adapters.credentials.registry_keys import canonical, keys_of
from manyfest.adapters.files.json_file import JsonFile
from manyfest.domain.access import Credentials, CredentialSource
from manyfest.domain.encoding.strict_json import Json
from manyfest.domain.references import Repository


class AuthJson:
    """An ``auth.json`` file; a missing one counts as empty, unless it must exist. Thread-safe."""

    def __init__(self, path: Path, helpers: Helpers, *, must_exist: bool = False) -> None:
        self._file = JsonFile(path, must_exist=must_exist)
        self._helpers = helpers

    def credentials_for(self, repository: Repository) -> Credentials | None:
        """Return the credentials in the file or its helper, None if there are none.

        Raises CredentialSourceError, naming the file or the helper.
        """
        return self._from_helper(canonical(repository.registry)) or self._from_auths(repository)

    def _from_helper(self, registry: str) -> Credentials | None:
        """Look up by registry alone: the keys of ``credHelpers`` have no paths."""
        name = self._file.object("credHelpers").get(registry)
        if not name:
            return None
        source = CredentialSource(str(self._file.path), f"credHelpers[{registry!r}]")
        return self._helpers.get(self._helpers.named(name, source), registry)

    def _from_auths(self, repository: Repository) -> Credentials | None:
        auths = self._file.object("auths")
        key = next(_matching_keys(repository, auths), None)
        if key is None:
            return None
        from manyfest.adapters.credentials.auth_entry import credentials_in  # cattrs takes a while

        return credentials_in(auths[key], CredentialSource(str(self._file.path), key))


def _matching_keys(repository: Repository, auths: Mapping[str, Json]) -> Iterator[str]:
    """Yield the keys for a repository, longest first, then docker's keys."""
    registry = canonical(repository.registry)
    parts = [registry, *repository.path.split("/")] if repository.path else [registry]
    for length in range(len(parts), 0, -1):
        if (key := "/".join(parts[:length])) in auths:
            yield key
    yield from (key for key in keys_of(registry, auths) if "://" in key or "/" not in key)
