"""The same arguments through the real docker client and through us, on the real registry."""

import hashlib
from collections.abc import Callable

import pytest

from manyfest.domain.references import Reference
from tests.differential.conftest import Both
from tests.fakes.images import (
    Image,
    docker_image,
    docker_list,
    oci_image,
    oci_index,
    windows_image,
    with_config,
)

Plant = Callable[[str, Image], Reference]
Served = Callable[[str], bytes]

DOCKER = {
    "app:armv7": docker_image("linux/arm/v7"),
    "app:amd64": docker_image("linux/amd64"),
    "app:arm64": docker_image("linux/arm64/v8"),
    "app:loong64": docker_image("linux/loong64"),
    "app:win": windows_image(),
    "other:amd64": docker_image("linux/amd64", text="other"),
}
OCI = {
    "oci:riscv64": oci_image("linux/riscv64"),
    "oci:amd64": oci_image("linux/amd64"),
}

# (images in the order given, annotations as arguments after LIST MANIFEST)
LISTS = {
    "one": (["app:amd64"], []),
    "order": (["app:armv7", "app:arm64", "app:amd64"], []),
    "two repositories": (["other:amd64", "app:arm64"], []),
    "oci": (["oci:riscv64", "oci:amd64"], []),
    "windows": (["app:win", "app:amd64"], []),
    "loong64": (["app:loong64"], []),
    "twice the same": (["app:amd64", "app:amd64"], []),
    "variant": (["app:amd64", "app:arm64"], [("app:arm64", "--variant", "v9")]),
    "all flags": (
        ["app:amd64", "app:win"],
        [
            ("app:win", "--os", "windows", "--arch", "386", "--variant", "v7"),
            ("app:win", "--os-version", "10.0.1", "--os-features", "a,b", "--os-features", "c"),
        ],
    ),
    "annotated twice": (
        ["app:amd64"],
        [("app:amd64", "--os-features", "a,b"), ("app:amd64", "--os-features", "b,c")],
    ),
    "escapes": (["app:win"], [("app:win", "--os-version", "<10.0&>\u2028\b\f\x7f")]),
    "empty values change nothing": (["app:arm64"], [("app:arm64", "--variant", "", "--os", "")]),
}


@pytest.mark.parametrize("target", ["list:v1", "app:v1"])
@pytest.mark.parametrize(("images", "annotations"), LISTS.values(), ids=LISTS.keys())
def test_the_whole_job_is_dockers_to_the_byte(
    both: Both,
    plant: Plant,
    served: Served,
    images: list[str],
    annotations: list[tuple[str, ...]],
    target: str,
) -> None:
    for name in dict.fromkeys(images):
        plant(name, (DOCKER | OCI)[name])
    name = f"PLACE/{target}"
    steps = [
        ("create", name, *(f"PLACE/{image}" for image in images)),
        *(("annotate", name, f"PLACE/{image}", *flags) for image, *flags in annotations),
        ("inspect", name),
        ("inspect", "-v", name),
        ("inspect", name, f"PLACE/{images[0]}"),
        ("inspect", "-v", name, f"PLACE/{images[0]}"),
    ]
    for step in steps:
        docker, ours = both(*step)
        assert (ours.code, ours.stdout.decode()) == (docker.code, docker.stdout.decode()), step
        assert docker.code == 0, step
    draft = both.ours("inspect", name.replace("PLACE", both.place)).stdout

    ours = both.ours("push", name.replace("PLACE", both.place))
    pushed_by_us = served(target)
    docker = both.docker("push", name.replace("PLACE", both.place))
    assert ours.stdout.decode() == docker.stdout.decode()
    assert ours.code == docker.code == 0
    assert pushed_by_us == served(target)
    assert draft == pushed_by_us + b"\n"
    digest = f"sha256:{hashlib.sha256(pushed_by_us).hexdigest()}"
    assert ours.stdout.decode().splitlines()[-1] == digest

    for flags in ([], ["-v"]):
        docker = both.docker("rm", name.replace("PLACE", both.place))  # else docker shows its draft
        docker, ours = both("inspect", *flags, name)
        assert (ours.code, ours.stdout.decode()) == (docker.code, docker.stdout.decode())


@pytest.mark.parametrize("flags", [[], ["-v"]], ids=["plain", "verbose"])
@pytest.mark.parametrize("name", [*DOCKER, *OCI])
def test_an_image_in_the_registry_is_shown_alike(
    both: Both, plant: Plant, name: str, flags: list[str]
) -> None:
    reference = plant(name, (DOCKER | OCI)[name])
    digest = (DOCKER | OCI)[name].digest
    for shown in (f"PLACE/{name}", f"PLACE/{name.partition(':')[0]}@{digest}"):
        docker, ours = both("inspect", *flags, shown)
        assert (ours.code, ours.stdout.decode()) == (docker.code, docker.stdout.decode())
    assert reference.tag == name.partition(":")[2]


def test_members_nobody_knows_are_shown_alike(both: Both, plant: Plant) -> None:
    image = oci_image("linux/amd64", annotations={"a": "<&>\u2028é"}, artifactType="x/y")
    plant("odd:1", image)
    for flags in ([], ["-v"]):
        docker, ours = both("inspect", *flags, "PLACE/odd:1")
        assert (ours.code, ours.stdout.decode()) == (docker.code, docker.stdout.decode())


@pytest.mark.parametrize("make", [docker_list, oci_index], ids=["docker list", "oci index"])
def test_a_list_in_the_registry_is_verbosely_shown_alike(
    both: Both, plant: Plant, make: Callable[..., Image]
) -> None:
    family = docker_image if make is docker_list else oci_image
    plant("made:1", make(family("linux/amd64"), family("linux/arm/v7")))
    docker, ours = both("inspect", "-v", "PLACE/made:1")
    assert (ours.code, ours.stdout.decode()) == (docker.code, docker.stdout.decode())


# Arguments, after a draft PLACE/list:v1 of PLACE/app:amd64 was made; docker's sentence on stderr.
FAILURES = {
    "create: exists": ("create", "PLACE/list:v1", "PLACE/app:amd64"),
    "create: no such image": ("create", "PLACE/list:v2", "PLACE/app:none"),
    "create: bad list name": ("create", "PLACE/list:v2:", "PLACE/app:amd64"),
    "create: bad image name": ("create", "PLACE/list:v2", "PLACE/app:a:b"),
    "annotate: no such list": ("annotate", "PLACE/none:1", "PLACE/app:amd64", "--os", "linux"),
    "annotate: no such entry": ("annotate", "PLACE/list:v1", "PLACE/app:none", "--os", "linux"),
    "annotate: bad pair": (
        *("annotate", "PLACE/list:v1", "PLACE/app:amd64", "--os", "linux", "--arch", "sparc"),
    ),
    "inspect: no such image": ("inspect", "PLACE/app:none"),
    "inspect: no such entry": ("inspect", "PLACE/list:v1", "PLACE/app:none"),
    "inspect: no such list": ("inspect", "PLACE/none:1", "PLACE/app:amd64"),
    "push: no such draft": ("push", "PLACE/none:1"),
    "push: no platform": ("push", "PLACE/bare:v1"),
    "rm: no such draft": ("rm", "PLACE/none:1"),
    "rm: upper case": ("rm", "library/BAD"),
    "rm: hexadecimal": ("rm", "a" * 64),
}
# What docker puts before its sentence; ours names the same things in its own way.
_DOCKERS_PREFIXES = ("error parsing name for manifest list ", "annotate: ")


@pytest.mark.parametrize("arguments", FAILURES.values(), ids=FAILURES.keys())
def test_failures_say_what_docker_says(
    both: Both, plant: Plant, arguments: tuple[str, ...]
) -> None:
    plant("app:amd64", docker_image("linux/amd64"))
    plant("app:bare", docker_image("linux/amd64", text="bare"))
    both("create", "PLACE/list:v1", "PLACE/app:amd64")
    if "bare" in arguments[1]:
        plant("app:bare", with_config(b"{}"))
        both("create", "PLACE/bare:v1", "PLACE/app:bare")
    docker, ours = both(*arguments)
    sentence = docker.stderr.strip()
    for prefix in _DOCKERS_PREFIXES:
        if sentence.startswith(prefix):
            sentence = sentence.rpartition(": ")[2]
    assert docker.code != 0
    assert ours.code != 0
    assert sentence in ours.stderr
    assert ours.stdout == docker.stdout == b""
    assert len(ours.stderr.splitlines()) == 1


def test_rm_of_several_removes_what_is_there_and_names_what_is_not(
    both: Both, plant: Plant
) -> None:
    plant("app:amd64", docker_image("linux/amd64"))
    both("create", "PLACE/list:v1", "PLACE/app:amd64")
    docker, ours = both("rm", "PLACE/none:1", "PLACE/list:v1", "PLACE/none:2")
    assert docker.code == 1
    assert ours.code == 3
    wanted = [f"No such manifest: {both.place}/none:{number}" for number in (1, 2)]
    assert docker.stderr.splitlines() == wanted
    assert [line for line in ours.stderr.splitlines() if line.startswith("error: No such")]
    docker, ours = both("rm", "PLACE/list:v1")
    assert docker.code != 0
    assert ours.code != 0
