"""Logging in: nothing is stored before the registry has accepted the credentials."""

import pytest
from attrs import define, field

from manyfest.domain.access import AuthExplanation, Credentials
from manyfest.domain.errors import UnauthorizedError
from manyfest.domain.operations.login import log_in
from manyfest.domain.ports.login_store import LoginStore
from manyfest.domain.ports.registry_access import RegistryAccess
from manyfest.domain.references import Reference

LOGIN = Credentials("user", "canary-password")


@define
class Registries(RegistryAccess):
    accepts: bool
    checked: list[str] = field(factory=list)

    def check_login(self, registry: str) -> None:
        self.checked.append(registry)
        if not self.accepts:
            raise UnauthorizedError(registry, "wrong password")

    def explain(self, reference: Reference) -> AuthExplanation:
        raise NotImplementedError


@define
class Logins(LoginStore):
    file: str
    stored: list[tuple[str, str, str]] = field(factory=list)

    def store(self, host: str, username: str, password: str) -> str:
        self.stored.append((host, username, password))
        return self.file

    def erase(self, host: str) -> None:
        raise NotImplementedError


@pytest.mark.parametrize("file", ["", "/home/user/config.json"])
def test_an_accepted_login_is_stored(file):
    registries, logins = Registries(accepts=True), Logins(file)
    assert log_in("r.example", LOGIN, access=registries, logins=logins) == file
    assert registries.checked == ["r.example"]
    assert logins.stored == [("r.example", "user", "canary-password")]


def test_a_rejected_login_is_not_stored():
    logins = Logins("config.json")
    with pytest.raises(UnauthorizedError):
        log_in("r.example", LOGIN, access=Registries(accepts=False), logins=logins)
    assert logins.stored == []


def test_secrets_are_not_shown():
    values = Credentials("user", "canary-a", "canary-b", "canary-c")
    assert "canary" not in repr(AuthExplanation(values, "bearer", "https://t.example", ()))
