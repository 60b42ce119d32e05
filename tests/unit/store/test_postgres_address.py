"""The URL of a PostgreSQL store in messages: no part of a password is shown."""

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from manyfest.domain.errors import ConfigError, StoreError
from manyfest.store.postgres.address import Address
from manyfest.store.postgres.errors import translated
from manyfest.store.postgres.opening import open_connection

SECRET = "S3CRET"
AT = "127.0.0.1:1"
FORMS = [
    f"postgresql://me@corp.com:{SECRET}@{AT}/db",
    f"postgresql://u:a/b?{SECRET}@{AT}/db",
    f"postgresql://u:a&{SECRET}@{AT}/db",
    f"postgresql://u:a#{SECRET}@{AT}/db",
    f"postgresql://u:1/{SECRET}@{AT}/db",
    f"postgresql://{AT}/db?pass%77ord={SECRET}",
    f"postgresql://{AT}/db?oauth_client_secret={SECRET}",
    f"postgresql://{AT}/db?password=S3&{SECRET}",
    f"postgresql://{AT}/db?password=S3&{SECRET}=x",
    f"postgresql://{AT}/db?password=S3#{SECRET}",
    f"postgresql://{AT}/db?sslmode={SECRET}",
    f"postgresql://{AT}/db?port={SECRET}",
    f"postgresql://{AT}/db%3Fpassword={SECRET}",
    f"postgresql://u:%zz{SECRET}@{AT}/db",
]


@pytest.mark.parametrize("url", FORMS)
def test_no_form_of_a_url_shows_its_password(url: str) -> None:
    with pytest.raises((StoreError, ConfigError)) as raised:
        open_connection(Address(url), 1.0, 1.0)
    shown = f"{raised.value} {Address(url)} {Address(url)!r}"
    assert SECRET not in shown
    assert "CRET" not in shown


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql://app@db.example:5432/manyfest", "postgresql://app@db.example:5432/manyfest"),
        ("postgresql://app:x@a:1,b:2/manyfest", "postgresql://app:***@a:1,b:2/manyfest"),
        ("postgresql:///db?host=/run", "postgresql:///db?***"),
        ("postgresql://me@corp:x@db/m", "postgresql://***@db/m"),
    ],
)
def test_the_place_of_a_store_is_shown(url: str, shown: str) -> None:
    assert str(Address(url)) == shown


_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=6)


@given(
    form=st.sampled_from(
        [
            "postgresql://u:{}@db/m",
            "postgresql://me@corp:{}@db/m",
            "postgresql://db/m?password={}",
            "postgresql://db/m?pass%77ord={}&x=1",
        ]
    ),
    before=_TEXT,
    after=_TEXT,
)
def test_no_part_of_a_password_is_ever_shown(form: str, before: str, after: str) -> None:
    address = Address(form.format(f"{before}{SECRET}{after}"))
    assert SECRET not in f"{address}"
    assert SECRET not in address.without_secrets(f'bad value "{before}{SECRET}{after}" of "m"')


@pytest.mark.parametrize("text", [f'role "{SECRET}" is unknown', f"« a@{SECRET} »"])
def test_the_words_of_the_driver_do_not_show_it(text: str) -> None:
    address = Address(f"postgresql://u:{SECRET}@db/m")
    error = psycopg.errors.lookup("42P01")(text)
    assert SECRET not in str(translated(address, error))


def test_the_words_of_the_driver_keep_what_is_no_secret() -> None:
    address = Address(f"postgresql://app:{SECRET}@db/m")
    message = 'password authentication failed for user "app" in database "m", see "hint"'
    assert address.without_secrets(message) == message


def test_the_folder_of_layers_keeps_its_name() -> None:
    names = [
        Address(url).file_name
        for url in (
            "postgresql://u:p?w@host:5432/db",
            "postgresql://u@host:5432/db?password=a@b",
            "postgresql://host:5432/db",
        )
    ]
    assert names == ["host_5432_db"] * 3
