"""Platform rules: containerd's aliases, docker's and Go's pairs."""

import pytest

from manyfest.domain.lists.platform_normalisation import SUPPORTED_PAIRS, is_supported, normalised
from manyfest.domain.platforms import Platform

USUAL = {
    "linux/amd64": "linux/amd64",
    "Linux/AMD64": "linux/amd64",
    "linux/x86_64": "linux/amd64",
    "linux/x86-64": "linux/amd64",
    "linux/X86_64/v2": "linux/amd64/v2",
    "linux/amd64/v1": "linux/amd64",
    "linux/x86_64/V1": "linux/amd64",
    "linux/amd64/v0": "linux/amd64/v0",
    "linux/i386": "linux/386",
    "linux/i486/x": "linux/386",
    "linux/i586/x": "linux/386",
    "linux/i686/x": "linux/386",
    "linux/x86": "linux/386",
    "linux/386/softfloat": "linux/386/softfloat",
    "linux/aarch64": "linux/arm64",
    "linux/aarch64/v8": "linux/arm64",
    "linux/arm64/8": "linux/arm64",
    "linux/arm64/V8": "linux/arm64",
    "linux/arm64/v8.0": "linux/arm64",
    "linux/arm64/8.0": "linux/arm64",
    "linux/aarch64/V8.0": "linux/arm64",
    "linux/arm64/v8.1": "linux/arm64/v8.1",
    "linux/arm64/v9": "linux/arm64/v9",
    "linux/arm64/9": "linux/arm64/v9",
    "linux/arm64/9.0": "linux/arm64/v9",
    "linux/arm64/v9.0": "linux/arm64/v9",
    "linux/arm64/v9.2": "linux/arm64/v9.2",
    "linux/arm": "linux/arm/v7",
    "linux/arm/5": "linux/arm/v5",
    "linux/arm/6": "linux/arm/v6",
    "linux/arm/7": "linux/arm/v7",
    "linux/arm/8": "linux/arm/v8",
    "linux/arm/v6": "linux/arm/v6",
    "linux/arm/V5": "linux/arm/v5",
    "linux/arm/9": "linux/arm/9",
    "linux/armhf": "linux/arm/v7",
    "linux/armhf/v6": "linux/arm/v7",
    "linux/armel": "linux/arm/v6",
    "macos/arm64": "darwin/arm64",
    "macOS/x86_64": "darwin/amd64",
    "linux/riscv64": "linux/riscv64",
    "linux/unknown/X": "linux/unknown/x",
    "windows(10.0.A)/amd64": "windows(10.0.A)/amd64",
    "linux(+b+a+b)/amd64": "linux(+a+b)/amd64",
    "linux(+)/amd64": "linux/amd64",
    "linux(+a+)/amd64": "linux(+a)/amd64",
}


@pytest.mark.parametrize(("written", "usual"), USUAL.items())
def test_a_platform_gets_its_usual_names_and_keeps_them(written: str, usual: str) -> None:
    once = normalised(Platform.parse(written))
    assert str(once) == usual
    assert normalised(once) == once


def test_what_is_not_said_stays_unsaid() -> None:
    assert normalised(Platform()) == Platform()


def test_unknown_members_are_kept() -> None:
    assert normalised(Platform("linux", "x86_64", others={"x": 1})).others == {"x": 1}


def pairs(text: str) -> list[str]:
    return text.split()


# docker/cli, cli/command/manifest/util.go
DOCKER = pairs("""
    darwin/386 darwin/amd64 darwin/arm darwin/arm64 dragonfly/amd64
    freebsd/386 freebsd/amd64 freebsd/arm
    linux/386 linux/amd64 linux/arm linux/arm64 linux/ppc64le linux/mips64 linux/mips64le
    linux/riscv64 linux/s390x
    netbsd/386 netbsd/amd64 netbsd/arm openbsd/386 openbsd/amd64 openbsd/arm
    plan9/386 plan9/amd64 solaris/amd64 windows/386 windows/amd64
""")

SINCE = pairs("""
    aix/ppc64 android/386 android/amd64 android/arm android/arm64 freebsd/arm64 freebsd/riscv64
    illumos/amd64 ios/amd64 ios/arm64 js/wasm linux/loong64 linux/mips linux/mipsle linux/ppc64
    netbsd/arm64 openbsd/arm64 openbsd/ppc64 openbsd/riscv64 plan9/arm wasip1/wasm
    windows/arm windows/arm64
""")

UNKNOWN = ["linux/x86_64", "Linux/amd64", "linux/", "/amd64", "/", "windows/s390x", "js/amd64"]


def supported(pair: str) -> bool:
    return is_supported(*pair.split("/"))


@pytest.mark.parametrize("pair", DOCKER + SINCE)
def test_docker_s_pairs_and_go_s_ports_are_supported(pair: str) -> None:
    assert supported(pair)


def test_no_other_pair_is_supported() -> None:
    assert len(DOCKER) == 28
    assert {f"{os}/{architecture}" for os, architecture in SUPPORTED_PAIRS} == {*DOCKER, *SINCE}


@pytest.mark.parametrize("pair", UNKNOWN)
def test_a_pair_that_no_program_is_built_for_is_not_supported(pair: str) -> None:
    assert not supported(pair)
