"""Image configs: the platform that they state."""

import json

import pytest

from manyfest.domain.errors import DocumentError
from manyfest.domain.image_configs import platform_of_artifact, platform_of_config
from manyfest.domain.platforms import Platform

CONFIGS = {
    "nothing": ({}, Platform()),
    "usual": (
        {"architecture": "amd64", "os": "linux", "config": {"Env": []}, "rootfs": {}},
        Platform("linux", "amd64"),
    ),
    "all five": (
        {
            "architecture": "amd64",
            "os": "windows",
            "os.version": "10.0.17763.1",
            "os.features": ["win32k"],
            "variant": "v2",
        },
        Platform("windows", "amd64", "v2", "10.0.17763.1", ("win32k",)),
    ),
    "nulls": ({"architecture": None, "os": "linux", "variant": None}, Platform("linux")),
}


@pytest.mark.parametrize(("document", "platform"), CONFIGS.values(), ids=CONFIGS.keys())
def test_the_platform_is_read(document, platform: Platform) -> None:
    assert platform_of_config(json.dumps(document).encode(), "x") == platform


def test_nothing_else_of_the_config_gets_into_the_platform() -> None:
    data = b'{"os": "linux", "architecture": "arm", "author": "me", "config": {"Env": ["A=b"]}}'
    assert platform_of_config(data, "x").others == {}


REFUSED = {
    "not JSON": (b"hello", "not JSON"),
    "list": (b"[]", "not a JSON object"),
    "architecture as a number": (b'{"architecture": 1}', "architecture is not a string"),
    "features as a text": (b'{"os.features": "a"}', "os.features is not a list"),
    "architecture twice": (b'{"architecture": "a", "architecture": "b"}', "occurs twice"),
    "Architecture": (b'{"Architecture": "a"}', "in another letter case"),
}


@pytest.mark.parametrize(("data", "reason"), REFUSED.values(), ids=REFUSED.keys())
def test_a_config_that_is_none_is_refused(data: bytes, reason: str) -> None:
    with pytest.raises(DocumentError, match=f"^x: .*{reason}"):
        platform_of_config(data, "x")


@pytest.mark.parametrize(
    "data", [data for data, _ in REFUSED.values()] + [b'{"os": "linux"}', b'{"architecture": "x"}']
)
def test_nothing_in_the_config_of_an_artifact_is_an_error(data: bytes) -> None:
    assert platform_of_artifact(data) == Platform()


def test_an_artifact_may_be_built_for_a_platform() -> None:
    config = b'{"os": "wasip1", "architecture": "wasm"}'
    assert platform_of_artifact(config) == Platform("wasip1", "wasm")
