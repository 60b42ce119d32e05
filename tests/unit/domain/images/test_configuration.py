"""Image configs read leniently: what is wrong is left out, and the rest is shown."""

import json
from datetime import UTC, datetime

import pytest

from manyfest.domain.images.configuration import Configuration, read_configuration, read_facts


def read(**members: object) -> Configuration:
    return read_configuration(json.dumps(members).encode())


def test_all_that_a_dockerfile_sets_is_read() -> None:
    config = read(
        os="linux",
        architecture="arm64",
        variant="v8",
        created="2024-05-01T12:00:00.123456789+02:00",
        author="A",
        config={
            "Env": ["PATH=/bin"],
            "Entrypoint": ["/run"],
            "Cmd": ["a", "b"],
            "Shell": ["/bin/bash", "-c"],
            "User": "1000:1000",
            "WorkingDir": "/app",
            "ExposedPorts": {"80/tcp": {}, "53/udp": {}},
            "Volumes": {"/data": {}},
            "Labels": {"a": "b"},
            "StopSignal": "SIGQUIT",
            "OnBuild": ["RUN true"],
            "Healthcheck": {"Test": ["CMD", "ok"]},
        },
    )
    assert str(config.platform) == "linux/arm64/v8"
    assert config.created == datetime(2024, 5, 1, 10, 0, 0, 123456, UTC)
    assert (config.entrypoint, config.command) == (("/run",), ("a", "b"))
    assert (config.user, config.working_dir) == ("1000:1000", "/app")
    assert (config.ports, config.volumes) == (("80/tcp", "53/udp"), ("/data",))
    assert (config.labels, config.on_build) == ({"a": "b"}, ("RUN true",))
    assert (config.shell, config.health_test) == (("/bin/bash", "-c"), ("CMD", "ok"))
    assert (config.stop_signal, config.author, config.env) == ("SIGQUIT", "A", ("PATH=/bin",))
    assert config.fault == ""


@pytest.mark.parametrize(
    "wrong",
    [
        {"config": None},
        {"config": []},
        {"config": {"Env": {"a": 1}, "Cmd": 7, "ExposedPorts": ["80"], "Labels": ["x"]}},
        {"config": {"Env": [1, None], "Healthcheck": "none", "User": 1234, "Volumes": 1}},
        {"created": 12, "history": {"a": 1}},
        {"created": "yesterday", "history": [1, None, "x"]},
        {"created": "2024-05-01T12:00:00"},
        {"created": "0001-01-01T00:00:00Z"},
        {"os": 1, "architecture": "amd64"},
        {"OS": "linux"},
    ],
)
def test_members_of_other_types_are_left_out(wrong: dict[str, object]) -> None:
    assert read(**wrong) == Configuration()


def test_one_text_is_a_command_of_one_word() -> None:
    assert read(config={"Cmd": "sh"}).command == ("sh",)


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b"\xff", b'{"a": 1, "a": 2}'])
def test_a_config_that_cannot_be_read_has_a_fault(data: bytes) -> None:
    config = read_configuration(data)
    assert config.fault
    assert read_facts(data) == ()


def test_facts_are_the_texts_and_numbers_of_an_artifacts_config() -> None:
    members = {"name": "web", "version": "1.2.3", "sources": ["x"], "replicas": 3, "none": None}
    facts = read_facts(json.dumps(members).encode())
    assert facts == (("name", "web"), ("version", "1.2.3"), ("replicas", "3"))
    many = {str(number): number for number in range(1000)}
    assert len(read_facts(json.dumps(many).encode())) == 20
