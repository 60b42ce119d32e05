"""Settings of credentials: the files that are read, and the realms that are trusted."""

import os
from pathlib import Path

import pytest

from manyfest.assembly.settings import auth_file, auth_files, auth_realms, private_hosts

FILES = {
    "the session's and the user's": (
        {"XDG_RUNTIME_DIR": "/run/u", "HOME": "/h"},
        ["/run/u/containers/auth.json", "/h/.config/containers/auth.json"],
    ),
    "another configuration folder": (
        {"XDG_CONFIG_HOME": "/c", "HOME": "/h"},
        [f"/run/containers/{os.getuid()}/auth.json", "/c/containers/auth.json"],
    ),
    "empty variables are none": (
        {"XDG_RUNTIME_DIR": "", "XDG_CONFIG_HOME": "", "HOME": "/h"},
        [f"/run/containers/{os.getuid()}/auth.json", "/h/.config/containers/auth.json"],
    ),
}
REALMS = {
    "none": ("", set()),
    "one": ("auth.example.com", {"auth.example.com"}),
    "several": ("a.test, B.test,,", {"a.test", "b.test"}),
}


@pytest.mark.parametrize(("environment", "expected"), FILES.values(), ids=FILES)
def test_auth_files_are_found(environment, expected):
    assert auth_files(environment) == tuple(map(Path, expected))


@pytest.mark.parametrize(("value", "expected"), [("/f.json", Path("/f.json")), ("", None)])
def test_one_file_may_be_named(value, expected):
    assert auth_file({"REGISTRY_AUTH_FILE": value}) == expected


@pytest.mark.parametrize(("text", "expected"), REALMS.values(), ids=REALMS)
def test_realms_are_listed_with_commas(text, expected):
    assert auth_realms({"MANYFEST_AUTH_REALMS": text}) == expected


HOSTS = {
    "none": ("", set()),
    "in any case, with blanks": (
        " Storage.Example.com , 10.0.0.1",
        {"storage.example.com", "10.0.0.1"},
    ),
    "with ports": ("storage.example.com:9000,10.0.0.1:9000", {"storage.example.com", "10.0.0.1"}),
    "IPv6": ("fd00::1,[fd00::2],[fd00::3]:9000", {"fd00::1", "fd00::2", "fd00::3"}),
}


@pytest.mark.parametrize(("text", "expected"), HOSTS.values(), ids=HOSTS)
def test_private_hosts_are_hosts_without_ports(text, expected):
    assert private_hosts({"MANYFEST_PRIVATE_HOSTS": text}) == expected
