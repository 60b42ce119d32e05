"""Failures: both programs fail, stdout stays empty, and our error contains docker's sentence."""

from collections.abc import Callable

import pytest

from manyfest.contracts.images import Image, with_config
from tests.differential.conftest import Both
from tests.differential.shelf import IMAGES

ZEROS = f"sha256:{'0' * 64}"

# Arguments, after a draft PLACE/list:v1 of PLACE/app:amd64 was made, and PLACE/bare:v1 of app:bare.
FAILURES = {
    "create: exists": ("create", "PLACE/list:v1", "PLACE/app:amd64"),
    "create: no such image": ("create", "PLACE/list:v2", "PLACE/app:none"),
    "create: no such digest": ("create", "PLACE/list:v2", f"PLACE/app@{ZEROS}"),
    "create: bad list name": ("create", "PLACE/list:v2:", "PLACE/app:amd64"),
    "create: bad image name": ("create", "PLACE/list:v2", "PLACE/app:a:b"),
    "create: upper-case image name": ("create", "PLACE/list:v2", "library/BAD"),
    "create: an unknown algorithm": ("create", "PLACE/list:v2", f"PLACE/app@md5:{'0' * 32}"),
    "create: a short digest": ("create", "PLACE/list:v2", "PLACE/app@sha256:00"),
    "annotate: no such list": ("annotate", "PLACE/none:1", "PLACE/app:amd64", "--os", "linux"),
    "annotate: no such entry": ("annotate", "PLACE/list:v1", "PLACE/app:none", "--os", "linux"),
    "annotate: bad names": ("annotate", "PLACE/list:v1", "PLACE/app:a:b", "--os", "linux"),
    "annotate: no such list, bad name": ("annotate", "PLACE/none:1", "th!si's…", "--os", "linux"),
    "annotate: bad list name": ("annotate", "PLACE/list:a:b", "PLACE/app:amd64"),
    "annotate: bad architecture": (
        *("annotate", "PLACE/list:v1", "PLACE/app:amd64", "--os", "linux", "--arch", "sparc"),
    ),
    "annotate: bad system": (
        *("annotate", "PLACE/list:v1", "PLACE/app:amd64", "--os", "bogus", "--arch", "amd64"),
    ),
    "inspect: no such image": ("inspect", "PLACE/app:none"),
    "inspect: no such image, verbosely": ("inspect", "-v", "PLACE/app:none"),
    "inspect: no such digest": ("inspect", f"PLACE/app@{ZEROS}"),
    "inspect: no such repository": ("inspect", "PLACE/nowhere/at/all:1"),
    "inspect: no such entry": ("inspect", "PLACE/list:v1", "PLACE/app:none"),
    "inspect: entry by digest": (
        *("inspect", "PLACE/list:v1", f"PLACE/other@{IMAGES['other:amd64'].digest}"),
    ),
    "inspect: no such list": ("inspect", "PLACE/none:1", "PLACE/app:amd64"),
    "inspect: no such entry, by a short name": ("inspect", "PLACE/list:v1", "PLACE/app"),
    "inspect: no such list, and a short name": ("inspect", "PLACE/none:1", "index.docker.io/app"),
    "inspect: no such list, and a bad name": ("inspect", "PLACE/none:1", "PLACE/app:a:b"),
    "inspect: no such list, and no name": ("inspect", "PLACE/none:1", ""),
    "inspect: an empty name": ("inspect", ""),
    "inspect: a URL": ("inspect", "https://h.example/a:1"),
    "push: no such draft": ("push", "PLACE/none:1"),
    "push: no platform": ("push", "PLACE/bare:v1"),
    "push: bad name": ("push", "PLACE/list:a:b"),
    "rm: no such draft": ("rm", "PLACE/none:1"),
    "rm: upper case": ("rm", "library/BAD"),
    "rm: hexadecimal": ("rm", "a" * 64),
    "rm: too long": ("rm", f"h.example/{'a' * 256}"),
}


@pytest.mark.parametrize("arguments", FAILURES.values(), ids=FAILURES.keys())
def test_failures_say_what_docker_says(both: Both, arguments: tuple[str, ...]) -> None:
    both.alike("create", "PLACE/list:v1", "PLACE/app:amd64")
    both.alike("create", "PLACE/bare:v1", "PLACE/app:bare")
    docker, ours = both(*arguments)
    sentence = docker.stderr.strip()
    assert docker.code != 0
    assert ours.code != 0
    assert sentence in ours.stderr
    assert ours.stdout == docker.stdout == b""
    assert len(ours.stderr.splitlines()) == 1


def test_an_image_with_a_config_of_no_bytes_is_refused(
    both: Both, plant: Callable[[str, Image], None]
) -> None:
    plant("blank:1", with_config(b""))
    both.alike("inspect", "-v", "PLACE/blank:1", code=1)
    both.alike("create", "PLACE/list:v1", "PLACE/blank:1", code=1)


def _not_boolean(flag: str, value: str) -> str:
    reason = f"strconv.ParseBool: parsing {value}: invalid syntax"
    return f"invalid argument {value} for {flag} flag: {reason}"


# Docker's first line says what is wrong; usage follows, for which ours has -h.
MISUSES = {
    "create: nothing": (["create"], "requires at least 2 arguments"),
    "create: one": (["create", "a"], "requires at least 2 arguments"),
    "annotate: one": (["annotate", "a"], "requires 2 arguments"),
    "annotate: three": (["annotate", "a", "b", "c"], "requires 2 arguments"),
    "inspect: nothing": (["inspect"], "requires at least 1 and at most 2 arguments"),
    "inspect: three": (["inspect", "a", "b", "c"], "requires at least 1 and at most 2 arguments"),
    "push: nothing": (["push"], "requires 1 argument"),
    "rm: nothing": (["rm"], "requires at least 1 argument"),
    "a word that looks like a flag, after --": (
        *(["inspect", "--", "a", "b", "-v"], "requires at least 1 and at most 2 arguments"),
    ),
    "unknown flag": (["push", "--bogus", "a"], "unknown flag: --bogus"),
    "unknown flag with a value": (["push", "a", "--bogus=1"], "unknown flag: --bogus"),
    "a flag shortened": (["push", "--purg", "a"], "unknown flag: --purg"),
    "unknown letter": (["create", "-x", "a"], "unknown shorthand flag: 'x' in -x"),
    "unknown letter among others": (
        *(["create", "-ax", "a"], "unknown shorthand flag: 'x' in -x"),
    ),
    "unknown letter first": (["create", "-xa", "a"], "unknown shorthand flag: 'x' in -xa"),
    "a quote for a letter": (["create", "-'"], "unknown shorthand flag: '\\'' in -'"),
    "a double quote for a letter": (["create", '-"'], "unknown shorthand flag: '\"' in -\""),
    "no value after the letter": (["push", "-p=", "a"], "unknown shorthand flag: '=' in -="),
    "no flag at all": (["push", "--=1", "a"], "bad flag syntax: --=1"),
    "three dashes": (["push", "---purge", "a"], "bad flag syntax: ---purge"),
    "no value": (["annotate", "a", "b", "--os"], "flag needs an argument: --os"),
    "bad boolean": (
        ["inspect", "--insecure=maybe", "a"],
        _not_boolean('"--insecure"', '"maybe"'),
    ),
    "bad boolean with a letter": (
        ["push", "--purge=yes", "a"],
        _not_boolean('"-p, --purge"', '"yes"'),
    ),
    "empty boolean": (
        ["push", "--purge=", "a"],
        _not_boolean('"-p, --purge"', '""'),
    ),
    "boolean in odd letters": (
        ["push", "-p=tRuE", "a"],
        _not_boolean('"-p, --purge"', '"tRuE"'),
    ),
    "boolean with a quote": (
        ["push", '-p=a"b', "a"],
        _not_boolean('"-p, --purge"', '"a\\"b"'),
    ),
    "features that are no line of CSV": (
        ["annotate", "a", "b", "--os-features", '"a'],
        'invalid argument "\\"a" for "--os-features" flag: parse error on line 1',
    ),
    "features with a quote in the middle": (
        ["annotate", "a", "b", "--os-features", 'a"b'],
        'invalid argument "a\\"b" for "--os-features" flag: parse error on line 1',
    ),
    "features with a quote after a space": (
        ["annotate", "a", "b", "--os-features", 'a, "b"'],
        'invalid argument "a, \\"b\\"" for "--os-features" flag: parse error on line 1',
    ),
    "features that are an empty line": (
        ["annotate", "a", "b", "--os-features", "\n"],
        'invalid argument "\\n" for "--os-features" flag: EOF',
    ),
    "unknown command": (["bogus"], "unknown command: "),
}


@pytest.mark.parametrize(("arguments", "sentence"), MISUSES.values(), ids=MISUSES.keys())
def test_misuse_is_refused_in_dockers_words(
    both: Both, arguments: list[str], sentence: str
) -> None:
    docker, ours = both(*arguments)
    assert sentence in docker.stderr
    assert sentence in ours.stderr
    assert docker.code != 0
    assert ours.code == 2
    assert ours.stdout == docker.stdout == b""
    assert len(ours.stderr.splitlines()) == 1


BOOLEANS = ["1", "t", "T", "true", "TRUE", "True", "0", "f", "F", "false", "FALSE", "False"]


@pytest.mark.parametrize("value", BOOLEANS)
def test_every_boolean_of_go_will_do(both: Both, value: str) -> None:
    both.alike("inspect", f"--verbose={value}", "PLACE/app:amd64")
    both.alike("inspect", f"-v={value}", "PLACE/app:amd64")


HELP = [["create", "-h"], ["create", "--help"], ["push", "a", "b", "c", "--help"], ["rm", "-h=1"]]


@pytest.mark.parametrize("arguments", HELP, ids=" ".join)
def test_help_is_there_wherever_docker_has_it(both: Both, arguments: list[str]) -> None:
    docker, ours = both(*arguments)
    assert ours.code == docker.code == 0
    for result in (docker.stdout.decode(), ours.stdout.decode()):
        assert "Usage:" in result
        assert "Options:" in result or arguments[0] == "rm"


def test_rm_of_several_removes_what_is_there_and_names_what_is_not(both: Both) -> None:
    both.alike("create", "PLACE/list:v1", "PLACE/app:amd64")
    docker, ours = both("rm", "PLACE/none:1", "PLACE/list:v1", "PLACE/none:2")
    wanted = [f"No such manifest: {both.place}/none:{number}" for number in (1, 2)]
    assert (docker.code, docker.stderr.splitlines()) == (1, wanted)
    assert (ours.code, ours.stderr.splitlines()) == (3, [f"error: {line}" for line in wanted])
    both.alike("rm", "PLACE/list:v1", code=1)
