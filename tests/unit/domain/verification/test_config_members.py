"""Members of image configs are judged as Go decodes them."""

import json

import pytest

from manyfest.domain.encoding.strict_json import Json
from manyfest.domain.verification.config_members import config_findings

SOUND: dict[str, Json] = {
    "nothing": {},
    "nulls": {"config": None, "rootfs": None, "history": None, "created": None},
    "nulls within": {"config": {"Env": None, "Labels": {"a": None}, "Volumes": {"/v": None}}},
    "all of it": {
        "created": "2015-10-31T22:22:56.015925234Z",
        "author": "A",
        "config": {
            "User": "alice",
            "ExposedPorts": {"8080/tcp": {}},
            "Env": ["A=b"],
            "Cmd": [],
            "Labels": {"a": "b"},
            "StopTimeout": 10,
            "Healthcheck": {"Test": ["NONE"], "Interval": 10**9, "Retries": 3},
            "ArgsEscaped": True,
        },
        "rootfs": {"type": "layers", "diff_ids": ["sha256:0"]},
        "history": [{"created": "2015-10-31T22:22:54+01:00", "empty_layer": True}],
    },
    "zones": {"created": "0001-01-01T00:00:00-07:00"},
    "docker's command of the build": {"container_config": {"Cmd": "/bin/sh", "Entrypoint": ["a"]}},
    "members that only others know": {"x": 1, "config": {"Memory": "much", "x": []}},
}

# A config, the member that is wrong, and what it has to be.
WRONG: dict[str, tuple[Json, str, str]] = {
    "user": ({"config": {"User": 1234}}, "config.User", "a string"),
    "letter case": ({"Config": {"user": 1}}, "Config.user", "a string"),
    "config": ({"config": []}, "config", "an object"),
    "env": ({"config": {"Env": {"A": "b"}}}, "config.Env", "a list of strings"),
    "env of numbers": ({"config": {"Env": [1]}}, "config.Env", "a list of strings"),
    "command": ({"config": {"Cmd": "sh"}}, "config.Cmd", "a list of strings"),
    "labels": ({"config": {"Labels": {"a": 1}}}, "config.Labels", "an object of strings"),
    "ports": ({"config": {"ExposedPorts": ["80"]}}, "config.ExposedPorts", "a set"),
    "volumes": ({"config": {"Volumes": {"/v": "x"}}}, "config.Volumes", "a set"),
    "flag": ({"config": {"Tty": "yes"}}, "config.Tty", "true or false"),
    "time-out": ({"config": {"StopTimeout": 1.5}}, "config.StopTimeout", "a whole number"),
    "flag as a number": (
        {"config": {"Healthcheck": {"Retries": True}}},
        "config.Healthcheck.Retries",
        "a whole number",
    ),
    "large number": ({"Size": 2**63}, "Size", "a whole number"),
    "no time": ({"created": ""}, "created", "a time (RFC 3339)"),
    "no such day": ({"created": "2015-02-30T00:00:00Z"}, "created", "a time (RFC 3339)"),
    "no zone": ({"created": "2015-02-03T00:00:00"}, "created", "a time (RFC 3339)"),
    "root file system": (
        {"rootfs": {"diff_ids": "sha256:0"}},
        "rootfs.diff_ids",
        "a list of strings",
    ),
    "history": ({"history": {}}, "history", "a list"),
    "step": ({"history": [{}, 1]}, "history[1]", "an object"),
    "member of a step": (
        {"history": [{"empty_layer": 1}]},
        "history[0].empty_layer",
        "true or false",
    ),
}


def messages(config: Json) -> list[str]:
    found = list(config_findings("config", json.dumps(config).encode()))
    assert {each.rule.name for each in found} <= {"invalid-config-member"}
    return [each.message for each in found]


@pytest.mark.parametrize("config", SOUND.values(), ids=SOUND)
def test_what_go_decodes_is_sound(config: Json) -> None:
    assert messages(config) == []


@pytest.mark.parametrize(("config", "member", "expected"), WRONG.values(), ids=WRONG)
def test_a_member_of_another_type_is_named(config: Json, member: str, expected: str) -> None:
    assert messages(config) == [f"{member} is not {expected}"]


def test_of_very_many_the_first_are_named() -> None:
    assert len(messages({"history": [1] * 1000})) == 20
