"""The login store in docker's ``config.json`` and its credential helpers."""

from pathlib import Path

from manyfest.adapters.credentials.auth_entry import encode_auth
from manyfest.adapters.credentials.credential_helper import Helpers
from manyfest.adapters.credentials.docker_config import FILE_NAME, DockerConfig
from manyfest.adapters.credentials.registry_keys import keys_of, server_address
from manyfest.adapters.files.json_file import object_in, rewrite
from manyfest.domain.encoding.strict_json import Json, JsonObject
from manyfest.domain.ports.login_store import LoginStore

_SECRETS = frozenset({"auth", "username", "password", "identitytoken", "registrytoken"})


class DockerLogins(LoginStore):
    """The logins in a configuration folder.

    A credential helper keeps them if one is configured there.
    """

    def __init__(self, folder: Path, helpers: Helpers) -> None:
        self._path = folder / FILE_NAME
        self._config = DockerConfig(folder, helpers)

    def store(self, host: str, username: str, password: str) -> str:
        """See the port. Beside a helper, the file gets an empty entry, as from docker."""
        helper, server = self._config.helper_for(host), server_address(host)
        if helper is not None:
            helper.store(server, username, password)
        secret = {} if helper else {"auth": encode_auth(username, password)}
        rewrite(self._path, lambda document: self._with_entry(document, server, secret))
        return "" if helper else str(self._path)

    def erase(self, host: str) -> None:
        """See the port."""
        helper = self._config.helper_for(host)
        if helper is not None:
            helper.erase(server_address(host))
        rewrite(self._path, lambda document: self._without(document, host))

    def _with_entry(self, document: JsonObject, server: str, secret: JsonObject) -> JsonObject:
        """Set the secret of an entry; its other members stay."""
        auths = object_in(document, "auths", self._path)
        before: Json = auths.get(server)
        members = before if isinstance(before, dict) else {}
        others = {name: members[name] for name in members if name not in _SECRETS}
        return {**document, "auths": {**auths, server: others | dict(secret)}}

    def _without(self, document: JsonObject, host: str) -> JsonObject:
        auths = object_in(document, "auths", self._path)
        erased = keys_of(host, auths)
        left = {key: auths[key] for key in auths if key not in erased}
        return {**document, "auths": left} if erased else document
