"""Logging in and out: writing credentials where docker would look for them."""

from pathlib import Path

from manyfest.adapters.credentials.auth_entry import encoded
from manyfest.adapters.credentials.credential_helper import Helpers
from manyfest.adapters.credentials.docker_config import FILE_NAME, DockerConfig
from manyfest.adapters.credentials.registry_keys import keys_of, server_address
from manyfest.adapters.files.json_file import object_in, rewrite
from manyfest.domain.encoding.strict_json import Json, JsonObject
from manyfest.domain.ports.login_store import LoginStore

_SECRETS = frozenset({"auth", "username", "password", "identitytoken", "registrytoken"})


class DockerLogins(LoginStore):
    """The logins in a configuration folder: with a credential helper if one is configured there.

    The methods raise CredentialsError, naming the file or the helper, and change nothing then.
    """

    def __init__(self, folder: Path, helpers: Helpers) -> None:
        self._path = folder / FILE_NAME
        self._config = DockerConfig(folder, helpers)

    def store(self, host: str, username: str, password: str) -> str:
        """Keep a name and password for a registry; gives the file that has it, empty for a helper.

        The file gets an empty entry beside what a helper keeps, as docker writes it.
        """
        helper, server = self._config.helper_for(host), server_address(host)
        if helper is not None:
            helper.store(server, username, password)
        kept = {} if helper else {"auth": encoded(username, password)}
        rewrite(self._path, lambda document: self._with_entry(document, server, kept))
        return "" if helper else str(self._path)

    def erase(self, host: str) -> None:
        """Forget all that is kept for a registry, if anything."""
        helper = self._config.helper_for(host)
        if helper is not None:
            helper.erase(server_address(host))
        rewrite(self._path, lambda document: self._without(document, host))

    def _with_entry(self, document: JsonObject, server: str, kept: JsonObject) -> JsonObject:
        """Members of the entry that are no secrets stay."""
        auths = object_in(document, "auths", self._path)
        before: Json = auths.get(server)
        members = before if isinstance(before, dict) else {}
        others = {name: members[name] for name in members if name not in _SECRETS}
        return {**document, "auths": {**auths, server: others | dict(kept)}}

    def _without(self, document: JsonObject, host: str) -> JsonObject:
        auths = object_in(document, "auths", self._path)
        gone = keys_of(host, auths)
        left = {key: auths[key] for key in auths if key not in gone}
        return {**document, "auths": left} if gone else document
