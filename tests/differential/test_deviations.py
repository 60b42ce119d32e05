"""Deliberate differences from docker (ADR 0011): its behaviour and ours."""

import json
from collections.abc import Callable

import pytest

from manyfest.contracts.images import (
    Image,
    artifact,
    docker_image,
    docker_list,
    oci_image,
    oci_index,
    with_config,
)
from manyfest.domain import media_types
from tests.differential.conftest import Both
from tests.differential.shelf import IMAGES
from tests.support.programs.docker_client import Result

Plant = Callable[[str, Image], None]
Served = Callable[[str], bytes]
Forget = Callable[[str, Image], None]

AMD, ARM = docker_image("linux/amd64"), docker_image("linux/arm64")
OCI_AMD, OCI_ARM = oci_image("linux/amd64"), oci_image("linux/arm64")
WRONG = f"app:amd64@sha256:{'0' * 64}"


def digests(result: Result) -> list[str]:
    """The digests of the entries that a list shows."""
    return [entry["digest"] for entry in json.loads(result.stdout)["manifests"]]


def test_amending_reads_a_tag_that_moved_again(both: Both, plant: Plant) -> None:
    plant("moving:1", AMD)
    both("create", "PLACE/list:m", "PLACE/moving:1")
    plant("moving:1", ARM)
    both("create", "-a", "PLACE/list:m", "PLACE/moving:1")
    docker, ours = both("inspect", "PLACE/list:m")
    assert digests(docker) == [str(AMD.digest)]
    assert digests(ours) == [str(ARM.digest)]


def test_create_is_all_or_nothing(both: Both) -> None:
    both("create", "PLACE/list:half", "PLACE/app:amd64", "PLACE/app:none")
    docker, ours = both("create", "PLACE/list:half", "PLACE/app:amd64")
    assert "refusing to amend" in docker.stderr
    assert ours.code == 0


def test_two_lists_never_share_a_draft(both: Both) -> None:
    both("create", "PLACE/m:a-b", "PLACE/app:amd64")
    docker, ours = both("create", "PLACE/m-a:b", "PLACE/app:arm64")
    assert "refusing to amend" in docker.stderr
    assert ours.code == 0
    docker, ours = both("inspect", "PLACE/m-a:b")
    assert digests(docker) == [str(IMAGES["app:amd64"].digest)]
    assert digests(ours) == [str(IMAGES["app:arm64"].digest)]


def test_a_plain_look_at_a_list_fetches_no_children(
    both: Both, plant: Plant, forget: Forget
) -> None:
    plant("sparse:1", docker_list(AMD, ARM))
    forget("sparse", ARM)
    docker, ours = both("inspect", "PLACE/sparse:1")
    assert "no such manifest" in docker.stderr
    assert digests(ours) == [str(AMD.digest), str(ARM.digest)]
    assert (ours.code, ours.stderr) == (0, "")


def test_a_verbose_look_shows_what_is_there_and_names_what_is_not(
    both: Both, plant: Plant, forget: Forget
) -> None:
    plant("sparse:2", docker_list(AMD, ARM))
    forget("sparse", ARM)
    docker, ours = both("inspect", "-v", "PLACE/sparse:2")
    assert docker.stdout == b""
    assert [detail["Descriptor"]["digest"] for detail in json.loads(ours.stdout)] == [
        str(AMD.digest)
    ]
    assert ours.stderr == f"error: no such manifest: {both.place}/sparse:2@{ARM.digest}\n"
    assert ours.code == 3


def test_a_list_without_entries_is_shown(both: Both, plant: Plant) -> None:
    plant("empty:1", docker_list())
    docker, ours = both("inspect", "PLACE/empty:1")
    assert docker.code == 1
    assert digests(ours) == []


NESTED = oci_index(OCI_AMD, oci_index(OCI_ARM))


def test_a_list_in_a_list_is_shown(both: Both, plant: Plant) -> None:
    plant("nested:1", NESTED)
    docker, ours = both("inspect", "PLACE/nested:1")
    assert "unsupported manifest type" in docker.stderr
    assert json.loads(ours.stdout) == NESTED.manifest.document
    docker, ours = both("inspect", "-v", "PLACE/nested:1")
    assert docker.code == 1
    members = [set(detail) & {"OCIManifest", "OCIIndex"} for detail in json.loads(ours.stdout)]
    assert members == [{"OCIManifest"}, {"OCIIndex"}]


CHART = with_config(b"not an image's")


def test_an_artifact_is_shown(both: Both, plant: Plant) -> None:
    plant("chart:1", CHART)
    docker, ours = both("inspect", "PLACE/chart:1")
    assert docker.code == 1
    assert (ours.code, json.loads(ours.stdout)) == (0, CHART.manifest.document)


def test_an_artifact_is_listed_by_its_type(both: Both, plant: Plant) -> None:
    plant("app:chart", artifact("application/vnd.cncf.helm.config.v1+json", b'{"name": "app"}'))
    both("create", "PLACE/l:1", "PLACE/app:chart")
    docker, ours = both("push", "PLACE/l:1")
    assert docker.code == 1
    assert ours.code == 0
    shown = json.loads(both.ours("inspect", "PLACE/l:1").stdout)
    (entry,) = shown["manifests"]
    assert entry["artifactType"] == "application/vnd.cncf.helm.config.v1+json"
    assert "platform" not in entry


def test_further_arguments_of_push_are_the_names_to_push_as(both: Both) -> None:
    both("create", "PLACE/list:mine", "PLACE/app:amd64")
    docker, ours = both("push", "PLACE/list:mine", "PLACE/list:other")
    assert docker.code == 1
    assert "requires 1 argument" in docker.stderr
    assert ours.code == 0
    digest = both.ours("digest", "PLACE/list:other").stdout
    assert ours.stdout.endswith(digest)
    assert both.ours("digest", "PLACE/list:mine").code == 3


def test_a_referrer_is_shown_alike(both: Both, plant: Plant) -> None:
    plant("app:subject", OCI_AMD)
    subject = OCI_AMD.manifest.descriptor().to_json()
    referrer = oci_image("linux/amd64", text="signed", artifactType="x/y", subject=subject)
    plant("app:referrer", referrer)
    both.alike("inspect", "PLACE/app:referrer")
    both.alike("inspect", "-v", f"PLACE/app@{referrer.digest}")


def test_nothing_is_dropped_from_a_list(both: Both, plant: Plant) -> None:
    subject = OCI_AMD.manifest.descriptor().to_json()
    image = oci_index(OCI_AMD, annotations={"a": "b"}, artifactType="x/y", subject=subject)
    plant("whole:1", image)
    docker, ours = both("inspect", "PLACE/whole:1")
    assert set(json.loads(docker.stdout)) == {"schemaVersion", "mediaType", "manifests"}
    assert json.loads(ours.stdout) == image.manifest.document
    raw = both.ours("inspect", "--raw", "PLACE/whole:1")
    assert raw.stdout == image.manifest.data


# Images in the order given; docker's list type and ours. Docker asks its first entry alone.
TYPES = {
    "docker's alone": (["app:amd64", "other:amd64"], "list", "list"),
    "oci first": (["a/first:amd64", "app:amd64"], "index", "index"),
    "oci last": (["app:amd64", "oci:amd64"], "list", "index"),
}
_TYPES = {"list": media_types.DOCKER_LIST, "index": media_types.OCI_INDEX}


@pytest.mark.parametrize(("images", "dockers", "our"), TYPES.values(), ids=TYPES.keys())
def test_one_oci_image_makes_the_list_an_index(
    both: Both, images: list[str], dockers: str, our: str
) -> None:
    both("create", "PLACE/list:mixed", *(f"PLACE/{image}" for image in images))
    docker, ours = both("inspect", "PLACE/list:mixed")
    assert json.loads(docker.stdout)["mediaType"] == _TYPES[dockers]
    assert json.loads(ours.stdout)["mediaType"] == _TYPES[our]
    assert json.loads(docker.stdout)["manifests"] == json.loads(ours.stdout)["manifests"]


# Docker's code is 1 for all that fails, and 125 for flags.
CODES = {
    "flags": (["inspect", "--bogus", "PLACE/app:amd64"], 125, 2),
    "number of arguments": (["inspect"], 1, 2),
    "name": (["inspect", "PLACE/app:a:b"], 1, 2),
    "not found": (["inspect", "PLACE/app:none"], 1, 3),
    "no draft": (["push", "PLACE/none:1"], 1, 3),
    "draft exists": (["create", "PLACE/list:codes", "PLACE/app:amd64"], 1, 6),
    "no such digest": (["create", "PLACE/list:wrong", f"PLACE/{WRONG}"], 1, 3),
}


@pytest.mark.parametrize(("arguments", "dockers", "our"), CODES.values(), ids=CODES.keys())
def test_each_kind_of_failure_has_its_own_code(
    both: Both, arguments: list[str], dockers: int, our: int
) -> None:
    both("create", "PLACE/list:codes", "PLACE/app:amd64")
    docker, ours = both(*arguments)
    assert (docker.code, ours.code) == (dockers, our)


def test_the_digest_decides_in_tag_and_digest(both: Both, plant: Plant) -> None:
    plant("both:1", docker_list(AMD, ARM))
    (first, _) = json.loads(both.ours("inspect", "-v", "PLACE/both:1").stdout)
    assert first["Ref"] == f"{both.place}/both:1@{AMD.digest}"
    docker, ours = both("inspect", first["Ref"])  # as -v itself names it
    assert "manifest verification failed for digest" in docker.stderr
    assert json.loads(ours.stdout) == AMD.manifest.document
    docker, ours = both("inspect", f"PLACE/both:none@{AMD.digest}")
    assert "no such manifest" in docker.stderr
    assert json.loads(ours.stdout) == AMD.manifest.document


_DOCKERS = {
    "darwin": ["386", "amd64", "arm", "arm64"],
    "dragonfly": ["amd64"],
    "freebsd": ["386", "amd64", "arm"],
    "linux": ["386", "amd64", "arm", "arm64", "mips64", "mips64le", "ppc64le", "riscv64", "s390x"],
    "netbsd": ["386", "amd64", "arm"],
    "openbsd": ["386", "amd64", "arm"],
    "plan9": ["386", "amd64"],
    "solaris": ["amd64"],
    "windows": ["386", "amd64"],
}
DOCKERS_PAIRS = [f"{system}/{each}" for system, those in _DOCKERS.items() for each in those]
NEWER_PAIRS = ["linux/loong64", "windows/arm64", "freebsd/arm64", "wasip1/wasm", "linux/mipsle"]


@pytest.mark.parametrize("pair", [*DOCKERS_PAIRS, *NEWER_PAIRS])
def test_every_pair_of_docker_will_do_and_those_of_todays_go(both: Both, pair: str) -> None:
    both("create", "PLACE/list:pairs", "PLACE/app:amd64")
    system, architecture = pair.split("/")
    flags = ("--os", system, "--arch", architecture)
    docker, ours = both("annotate", "PLACE/list:pairs", "PLACE/app:amd64", *flags)
    assert (docker.code == 0) is (pair in DOCKERS_PAIRS)
    assert ours.code == 0


def test_annotating_a_variant_checks_the_pair_that_the_image_has(both: Both) -> None:
    both("create", "PLACE/list:l", "PLACE/app:loong64")
    docker, ours = both("annotate", "PLACE/list:l", "PLACE/app:loong64", "--variant", "v1")
    assert docker.stderr.strip().endswith("unsupported os/arch combination: /")
    assert ours.code == 0


def test_loopback_needs_no_flag_for_plain_http(both: Both) -> None:
    name = f"{both.place}/app:amd64"
    assert "no such manifest" in both.docker_manifest("inspect", name).stderr
    assert both.ours("inspect", name).code == 0


def test_a_list_is_a_source_and_its_entries_stay_together(both: Both, plant: Plant) -> None:
    plant("source:1", docker_list(ARM, IMAGES["app:loong64"]))
    given = ("PLACE/list:s", "PLACE/source:1", "PLACE/other:386", "PLACE/app:amd64")
    docker, ours = both("create", *given)
    assert f"{both.place}/source:1 is a manifest list" in docker.stderr
    assert ours.code == 0
    by_themselves = [IMAGES["app:amd64"], IMAGES["other:386"]]
    sorted_as_docker_sorts = [*by_themselves, ARM, IMAGES["app:loong64"]]
    shown = digests(both.ours("inspect", "PLACE/list:s"))
    assert shown == [str(image.digest) for image in sorted_as_docker_sorts]


class TestPushedDrafts:
    """A draft that was pushed and not changed since is out of the way."""

    def test_it_does_not_block_create(self, both: Both) -> None:
        both("create", "PLACE/list:pushed", "PLACE/app:amd64")
        both("push", "PLACE/list:pushed")
        docker, ours = both("create", "PLACE/list:pushed", "PLACE/app:arm64")
        assert "refusing to amend" in docker.stderr
        assert ours.code == 0

    def test_it_does_not_hide_the_registry(self, both: Both, plant: Plant) -> None:
        both("create", "PLACE/list:hidden", "PLACE/app:amd64")
        both("push", "PLACE/list:hidden")
        plant("list:hidden", docker_list(ARM))
        docker, ours = both("inspect", "PLACE/list:hidden")
        assert digests(docker) == [str(IMAGES["app:amd64"].digest)]
        assert digests(ours) == [str(ARM.digest)]

    def test_one_that_was_changed_since_is_in_the_way_again(self, both: Both) -> None:
        both("create", "PLACE/list:again", "PLACE/app:amd64")
        both("push", "PLACE/list:again")
        both("annotate", "PLACE/list:again", "PLACE/app:amd64", "--variant", "v2")
        both.alike("inspect", "PLACE/list:again")
        both.alike("create", "PLACE/list:again", "PLACE/app:amd64", code=6)


class TestKeepOrder:
    """``create --keep-order``: docker has no such flag, and sorts."""

    GIVEN = ("app:armv7", "other:386", "app:amd64")

    def test_the_order_given_is_listed_and_pushed(self, both: Both, served: Served) -> None:
        sources = [f"PLACE/{name}" for name in self.GIVEN]
        both.docker("create", "PLACE/list:o", *sources)
        both.ours("create", "--keep-order", "PLACE/list:o", *sources)
        docker, ours = both("inspect", "PLACE/list:o")
        wanted = [str(IMAGES[name].digest) for name in self.GIVEN]
        assert digests(docker) != wanted
        assert sorted(digests(docker)) == sorted(wanted)
        assert digests(ours) == wanted
        assert both.ours("push", "PLACE/list:o").code == 0
        assert served("list:o") + b"\n" == ours.stdout

    def test_it_is_kept_when_more_are_added(self, both: Both) -> None:
        both.ours("create", "--keep-order", "PLACE/list:k", "PLACE/other:386")
        both.ours("create", "--amend", "PLACE/list:k", "PLACE/app:amd64")
        wanted = [str(IMAGES[name].digest) for name in ("other:386", "app:amd64")]
        assert digests(both.ours("inspect", "PLACE/list:k")) == wanted

    def test_it_can_be_asked_for_later(self, both: Both) -> None:
        both.ours("create", "PLACE/list:l", "PLACE/other:386", "PLACE/app:amd64")
        both.ours("create", "--amend", "--keep-order", "PLACE/list:l", "PLACE/app:win")
        wanted = [str(IMAGES[name].digest) for name in ("other:386", "app:amd64", "app:win")]
        assert digests(both.ours("inspect", "PLACE/list:l")) == wanted
