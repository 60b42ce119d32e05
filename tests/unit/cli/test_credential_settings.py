"""Settings of credentials: the files that are read, and the realms that are trusted."""

from pathlib import Path

import pytest

from manyfest.cli.settings import auth_files, auth_realms

FILES = {
    "the file that was named": (
        {"REGISTRY_AUTH_FILE": "/f.json", "XDG_RUNTIME_DIR": "/run/u", "HOME": "/h"},
        ["/f.json"],
    ),
    "the session's and the user's": (
        {"XDG_RUNTIME_DIR": "/run/u", "HOME": "/h"},
        ["/run/u/containers/auth.json", "/h/.config/containers/auth.json"],
    ),
    "another configuration folder": (
        {"XDG_CONFIG_HOME": "/c", "HOME": "/h"},
        ["/c/containers/auth.json"],
    ),
    "empty variables are none": (
        {"REGISTRY_AUTH_FILE": "", "XDG_RUNTIME_DIR": "", "XDG_CONFIG_HOME": "", "HOME": "/h"},
        ["/h/.config/containers/auth.json"],
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


@pytest.mark.parametrize(("text", "expected"), REALMS.values(), ids=REALMS)
def test_realms_are_listed_with_commas(text, expected):
    assert auth_realms({"MANYFEST_AUTH_REALMS": text}) == expected
