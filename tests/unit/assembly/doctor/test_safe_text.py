"""Values that may be pasted into an issue."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from manyfest.assembly.doctor.safe_text import safe_key, safe_path, safe_word
from manyfest.domain.encoding.shown_urls import UNUSUAL, safe_url

SECRET = "hunter2Secret"


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("http://proxy.corp:3128", "http://proxy.corp:3128"),
        ("proxy.corp:3128", "proxy.corp:3128"),
        ("http://[::1]:3128/", "http://[::1]:3128/"),
        ("postgresql://db/app", "postgresql://db/app"),
        ("postgresql:///app?host=/run", "postgresql:///app?***"),
        (f"http://u:{SECRET}@proxy:3128", "http://***@proxy:3128"),
        (f"u:{SECRET}@proxy:3128", "***@proxy:3128"),
    ],
)
def test_a_url_is_shown_without_its_secrets(url, shown):
    assert safe_url(url) == shown


@pytest.mark.parametrize(
    "form",
    [
        "postgresql://u:{}@db/app",
        "postgresql://{}@db/app",
        "postgresql://u:p@{}@db/app",
        "postgresql://u:p/{}@db/app",
        "postgresql://u:p?{}@db/app",
        "postgresql://u:p#{}@db/app",
        "postgresql://db/app?password={}",
        "postgresql://db/app?password=a@{}",
        "postgresql://db/app#{}",
        "postgresql://u:{}",
        "u:{}",
        "u:{}@",
        "://{}@host",
        "ht tp://{}",
        "http://[{}@host",
        "http://u:[{}]@host",
        "{}@host",
        "http://user%3A{}%40host:x/",
        "http://u:{}\\@host",
        "http://\t{}@host",
    ],
)
def test_no_form_of_a_url_shows_its_password(form):
    assert SECRET not in safe_url(form.format(SECRET))


@given(user=st.text(), before=st.text(), after=st.text(), place=st.text(max_size=20))
def test_what_stands_before_an_at_is_never_shown(user, before, after, place):
    url = f"http://{user}:{before}{SECRET}{after}@{place}"
    assert SECRET not in safe_url(url)


@pytest.mark.parametrize("key", ["ghcr.io", "https://index.docker.io/v1/", "host:5000/team"])
def test_keys_of_credentials_are_hosts_and_paths(key):
    assert safe_key(key) == key
    assert safe_key(f"https://u:{SECRET}@{key}") == UNUSUAL


def test_names_of_helpers_are_words():
    assert safe_word("ecr-login") == "ecr-login"
    assert safe_word(f"/bin/{SECRET}") == safe_word({}) == UNUSUAL


def test_the_home_of_a_user_is_a_tilde():
    home = {"HOME": "/home/jane"}
    assert safe_path("/home/jane/.docker/config.json", home) == "~/.docker/config.json"
    assert safe_path("/home/janet/x", home) == "/home/janet/x"
    assert safe_path("/etc", {}) == "/etc"
