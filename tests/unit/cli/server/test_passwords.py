"""The password file."""

import base64
import hashlib

import pytest

from manyfest.cli.server.passwords import Passwords, password_line
from manyfest.domain.errors import ConfigError, InputError


def basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


@pytest.fixture(scope="module")
def passwords(tmp_path_factory):
    file = tmp_path_factory.mktemp("passwords") / "users"
    file.write_text(f"# the builders\n\n{password_line('ci', 'päss:wörd')}\n")
    return Passwords.read(file)


def test_the_password_that_a_line_was_made_for_is_accepted_again_and_again(passwords):
    assert passwords.accept(basic("ci", "päss:wörd"))
    assert passwords.accept(basic("ci", "päss:wörd"))


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Basic",
        "Basic ***",
        "Bearer abc",
        basic("ci", "wrong"),
        basic("ci", ""),
        basic("other", "päss:wörd"),
    ],
)
def test_anything_else_is_refused(passwords, header):
    assert not passwords.accept(header)


def test_a_line_of_passlib_is_read(tmp_path):
    """The example of passlib's documentation: ``scrypt.hash("password")``."""
    file = tmp_path / "users"
    file.write_text(
        "a:$scrypt$ln=16,r=8,p=1$aM15713r3Xsvxbi31lqr1Q$"
        "nFNh2CVHVjNldFVKDHDlm4CbdRSCdEBsjjJxD+iCs5E\n"
    )
    assert Passwords.read(file).accept(basic("a", "password"))


@pytest.mark.parametrize(
    "line",
    [
        "ci:password",
        "ci:$apr1$abc$def",
        "ci:$2y$05$abcdefghijklmnopqrstuv",
        "ci:$scrypt$ln=40,r=8,p=1$YWJj$YWJj",
        "ci:$scrypt$ln=0,r=8,p=1$YWJj$YWJj",
        "ci:$scrypt$ln=1,r=8,p=1$a$YWJj",
        "ci:$scrypt$ln=17,r=1,p=1$YWJj$YWJj",
        "ci:$scrypt$ln=16,r=1,p=1$YWJj$YWJj",
        "",
    ],
)
def test_a_file_of_another_form_is_refused_with_the_way_out(tmp_path, line):
    file = tmp_path / "users"
    file.write_text(line + "\n")
    with pytest.raises(ConfigError):
        Passwords.read(file)


@pytest.mark.parametrize(("user", "password"), [("", "a"), ("a:b", "a"), ("a b", "a"), ("a", "")])
def test_no_line_is_made_that_could_not_be_read(user, password):
    with pytest.raises(InputError):
        password_line(user, password)


@pytest.mark.parametrize("header", ["", "Basic", "Basic ***", "Bearer abc", "Basic YWJj"])
def test_a_header_without_user_and_password_costs_no_hash(passwords, header, monkeypatch):
    monkeypatch.setattr(hashlib, "scrypt", lambda *_, **__: pytest.fail("a hash was computed"))
    assert not passwords.accept(header)
