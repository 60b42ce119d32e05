"""registries.conf that is nearly right: rules that can be followed, or our own errors."""

import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from manyfest.adapters.registries_conf.conf_files import read_rules
from manyfest.domain.errors import BlockedError, ConfigError, InvalidReferenceError
from manyfest.domain.references import Repository
from tests.property.mutations import damaged

WHOLE = b"""unqualified-search-registries = ["docker.io"]
[[registry]]
prefix = "r.example/team"
location = "internal.example:5000/team"
insecure = true
[[registry.mirror]]
location = "mirror.example"
pull-from-mirror = "digest-only"
[[registry]]
location = "blocked.example"
blocked = true
[aliases]
"app" = "r.example/team/app"
"""
NAMES = [Repository("r.example", "team/app"), Repository("blocked.example", "a")]

_WORDS = st.sampled_from(
    ["oci:x", "oci:/a:b", "https://x", "*.example", "*.", "[::1]:5000", "a b", "x" * 300, "/", ""]
)
TABLES = st.builds(
    '[[registry]]\nprefix = "{}"\nlocation = "{}"\n[[registry.mirror]]\nlocation = "{}"\n'.format,
    _WORDS,
    _WORDS,
    _WORDS,
).map(str.encode)


@pytest.fixture(scope="module")
def file() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder) / "registries.conf"


@given(damaged(st.just(WHOLE)) | TABLES | damaged(TABLES))
def test_a_damaged_file_has_rules_or_is_refused(file: Path, data: bytes) -> None:
    file.write_bytes(data)
    with suppress(ConfigError):
        rules = read_rules(file, ())
        for name in NAMES:
            with suppress(BlockedError, InvalidReferenceError):
                assert all(mirror.home.registry for mirror in rules.route(name).mirrors)
            assert rules.is_insecure(name) in (True, False)


FATAL = {
    "nested lists": b"a = " + b"[" * 5_000,
    "nested tables": b"a = " + b"{b=" * 5_000,
    "a number of 5,000 digits": b"a = " + b"1" * 5_000,
    "a layout as location": b'[[registry]]\nlocation = "oci:x"',
    "a layout as prefix": b'[[registry]]\nprefix = "oci:x"\nlocation = "r.example"',
    "not UTF-8": b"a = \xff",
}


@pytest.mark.parametrize("data", FATAL.values(), ids=FATAL)
def test_what_no_rule_can_be_made_of_is_named_by_its_file(file: Path, data: bytes) -> None:
    file.write_bytes(data)
    with pytest.raises(ConfigError, match=str(file)):
        read_rules(file, ())


def test_what_is_damaged_was_whole(file: Path) -> None:
    file.write_bytes(WHOLE)
    assert str(read_rules(file, ()).route(NAMES[0]).origin) == "internal.example:5000/team/app"
