"""Settings about registries: from which variables and folders they come."""

import os
from pathlib import Path

import pytest

from manyfest.assembly import settings

HOME = {"HOME": "/home/me"}

CERTIFICATES = {
    "docker's and podman's": (
        HOME,
        ("/etc/docker/certs.d", "SYSTEM/certs.d", "/home/me/.config/containers/certs.d"),
    ),
    "the user's configuration elsewhere": (
        {**HOME, "XDG_CONFIG_HOME": "/c"},
        ("/etc/docker/certs.d", "SYSTEM/certs.d", "/c/containers/certs.d"),
    ),
    "chosen": ({**HOME, "MANYFEST_CERTS_D": "/a:/b"}, ("/a", "/b")),
}


@pytest.mark.parametrize(("environment", "folders"), CERTIFICATES.values(), ids=CERTIFICATES)
def test_folders_of_certificates(environment, folders, monkeypatch):
    monkeypatch.setattr(settings, "SYSTEM_CONTAINERS", Path("SYSTEM"))
    assert settings.certificate_folders(environment) == tuple(map(Path, folders))


@pytest.mark.parametrize(("text", "file"), [("", None), ("/x.conf", Path("/x.conf"))])
def test_a_chosen_registries_conf(text, file):
    assert settings.registries_conf({"CONTAINERS_REGISTRIES_CONF": text}) == file


def test_proxies_are_in_six_variables():
    variables = {"HTTPS_PROXY": "a", "no_proxy": "b"}
    assert settings.proxies({**variables, **HOME, "ALL_PROXY": "c"}) == variables


def test_what_may_hold_passwords_is_not_shown(monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", "http://user:canary@proxy.test")
    assert "canary" not in repr(settings.settings_of(os.environ))
