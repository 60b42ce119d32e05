"""A list from its first create to its tag in the registry: docker's to the byte, at every step."""

import hashlib
from collections.abc import Callable

import pytest

from tests.differential.conftest import Both
from tests.differential.shelf import by_both, by_digest
from tests.support.programs.docker_client import CommandLine

Served = Callable[[str], bytes]

# Images in the order given, and annotations as arguments after LIST MANIFEST.
LISTS = {
    "one": (["app:amd64"], []),
    "order": (["app:armv7", "app:arm64", "app:amd64"], []),
    "two repositories": (["other:amd64", "app:arm64", "other:386"], []),
    "oci": (["oci:riscv64", "oci:amd64"], []),
    "both families, oci first": (["app:amd64", "a/first:amd64", "other:386"], []),
    "oci with members nobody knows": (["oci:odd"], []),
    "windows": (["app:win", "app:amd64"], []),
    "loong64": (["app:loong64"], []),
    "twice the same": (["app:amd64", "app:amd64"], []),
    "by digest": ([by_digest("app:arm64"), by_digest("app:amd64")], []),
    "by tag and digest": ([by_both("oci:riscv64"), by_both("oci:amd64")], []),
    "one image by tag, by digest and by both": (
        ["app:amd64", by_digest("app:amd64"), by_both("app:amd64")],
        [(by_digest("app:amd64"), "--variant", "v2")],
    ),
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
        [
            ("app:amd64", "--os-features", "a,b", "--variant", "v1", "--os-version", "1"),
            ("app:amd64", "--os-features", "b,c", "--variant", "v2"),
        ],
    ),
    "features in quotes": (
        ["app:amd64"],
        [("app:amd64", "--os-features", 'a,"b,c",,"d""e"', "--os-features=")],
    ),
    "features on several lines": (
        ["app:amd64"],
        [
            ("app:amd64", "--os-features", '\n\na,"b\r\nc"\nd'),
            ("app:amd64", "--os-features", "e\r\nf", "--os-features", "g\r"),
        ],
    ),
    "features that the image has twice": (
        ["app:again"],
        [("app:again", "--variant", "v1"), ("app:again", "--os-features", "c,b,c")],
    ),
    "escapes": (["app:win"], [("app:win", "--os-version", "<10.0&>\u2028\b\f\x7f é")]),
    "empty values change nothing": (["app:arm64"], [("app:arm64", "--variant", "", "--os=")]),
    "no options change nothing": (["app:arm64"], [("app:arm64",)]),
    "platform by annotation alone": (
        ["app:bare"],
        [("app:bare", "--os", "linux", "--arch", "riscv64")],
    ),
}


@pytest.mark.parametrize("target", ["list:v1", "app:v1"], ids=["elsewhere", "beside"])
@pytest.mark.parametrize(("images", "annotations"), LISTS.values(), ids=LISTS.keys())
def test_the_whole_job(
    both: Both,
    served: Served,
    images: list[str],
    annotations: list[tuple[str, ...]],
    target: str,
) -> None:
    name, sources = f"PLACE/{target}", [f"PLACE/{image}" for image in images]
    both.alike("create", name, *sources)
    for image, *flags in annotations:
        both.alike("annotate", name, f"PLACE/{image}", *flags)
    draft = both.alike("inspect", name)
    for flags in ([name, sources[0]], ["-v", name], ["-v", name, sources[0]]):
        both.alike("inspect", *flags)

    ours = both.ours("push", name)
    pushed_by_us = served(target)
    docker = both.docker("push", name)
    assert ours.stdout.decode() == docker.stdout.decode()
    assert ours.code == docker.code == 0
    assert pushed_by_us == served(target)
    assert draft.encode() == pushed_by_us + b"\n"
    digest = f"sha256:{hashlib.sha256(pushed_by_us).hexdigest()}"
    assert ours.stdout.decode().splitlines()[-1] == digest

    both.docker("rm", name)  # else docker shows its draft
    for flags in ([], ["-v"]):
        both.alike("inspect", *flags, name)


def test_the_installed_program_does_the_same(both: Both, manyfest: CommandLine) -> None:
    """All others run our command line within the test's process."""
    for step in (["create", "PLACE/list:p", "PLACE/app:win"], ["inspect", "-v", "PLACE/list:p"]):
        ours = manyfest(*both.placed(*step))
        assert (ours.stdout, ours.code) == (both.docker(*step).stdout, 0)


# What is done, in order, to a draft PLACE/list:a that is made of app:arm64 before.
AMENDMENTS = {
    "an image more": [("create", "-a", "PLACE/list:a", "PLACE/app:amd64")],
    "the long flag, at the end": [("create", "PLACE/list:a", "PLACE/app:win", "--amend")],
    "the same once more": [("create", "--amend", "PLACE/list:a", "PLACE/app:arm64")],
    "an annotated one once more": [
        ("annotate", "PLACE/list:a", "PLACE/app:arm64", "--variant", "v9"),
        ("create", "-a", "PLACE/list:a", "PLACE/app:arm64", "PLACE/app:amd64"),
    ],
    "by another name": [("create", "-a", "PLACE/list:a", f"PLACE/{by_both('app:arm64')}")],
    "a list that is not there": [("create", "-a", "PLACE/list:none", "PLACE/app:amd64")],
    "of another family": [("create", "-a", "PLACE/list:a", "PLACE/a/first:amd64")],
    "removed and made anew": [
        ("rm", "PLACE/list:a"),
        ("create", "PLACE/list:a", "PLACE/app:amd64"),
    ],
}


@pytest.mark.parametrize("steps", AMENDMENTS.values(), ids=AMENDMENTS.keys())
def test_amending(both: Both, steps: list[tuple[str, ...]]) -> None:
    both.alike("create", "PLACE/list:a", "PLACE/app:arm64")
    for step in steps:
        both.alike(*step)
    for name in ("PLACE/list:a", "PLACE/list:none"):
        there = name in steps[-1] or name == "PLACE/list:a"
        both.alike("inspect", name, code=0 if there else 1)
        both.alike("inspect", "-v", name, code=0 if there else 1)


# Whether the draft is gone after push with these flags.
PURGES = {
    "no flag": ([], False),
    "long": (["--purge"], True),
    "short": (["-p"], True),
    "long and true": (["--purge=true"], True),
    "short and true": (["-p=true"], True),
    "one letter": (["--purge=t"], True),
    "false": (["--purge=false"], False),
    "short and false": (["-p=0"], False),
    "the last one counts": (["--purge", "--purge=FALSE"], False),
    "before the name": (["--insecure=1", "-p"], True),
}


@pytest.mark.parametrize(("flags", "gone"), PURGES.values(), ids=PURGES.keys())
def test_purging(both: Both, flags: list[str], gone: bool) -> None:  # noqa: FBT001
    both.alike("create", "PLACE/list:purged", "PLACE/app:amd64")
    both.alike("push", *flags, "PLACE/list:purged")
    both.alike("rm", "PLACE/list:purged", code=int(gone))
