"""Lists with holes, and what is attached to images: nothing is called whole that is not."""

import json
from collections.abc import Iterator

import pytest

from manyfest.adapters.memory import MemoryRegistry
from manyfest.contracts.images import (
    Image,
    docker_image,
    oci_image,
    oci_index,
    push_image,
    referrer,
)
from manyfest.domain.manifests import Manifest
from manyfest.domain.media_types import OCI_INDEX
from manyfest.domain.operations.attached import put_referrers
from manyfest.domain.references import Reference
from tests.support.content import signed
from tests.support.faults.judged import error_line, refused, succeeded
from tests.support.http.fault_server import FaultServer
from tests.support.http.faults import Fault, with_status
from tests.support.http.http_messages import Answer
from tests.support.http.registry_server import REGISTRY, Quirks, RegistryApp
from tests.support.programs.our_program import run_here

AMD, ARM = oci_image("linux/amd64", text="amd"), oci_image("linux/arm64", text="arm")
INDEX = oci_index(AMD, ARM)


def at(name: str) -> Reference:
    return Reference.parse(f"{REGISTRY}/{name}")


class Unchecking(MemoryRegistry):
    """Takes lists whose children are missing, as olareg does, and never lists some ``unlisted``."""

    def __init__(self) -> None:
        super().__init__()
        self.unlisted: set[Reference] = set()

    def put_manifest(self, reference: Reference, manifest: Manifest, expected=None) -> None:
        if manifest.is_list:
            self.plant_manifest(reference, manifest)
        else:
            super().put_manifest(reference, manifest, expected)

    def referrers(self, reference: Reference):
        found = super().referrers(reference)
        return tuple(each for each in found if reference.at(each.digest) not in self.unlisted)


@pytest.fixture
def memory() -> MemoryRegistry:
    registry = Unchecking()
    for name, image in {"app:amd": AMD, "app:arm": ARM, "from:1": INDEX}.items():
        push_image(registry, at(name), image)
    return registry


@pytest.fixture
def server(memory: MemoryRegistry) -> Iterator[FaultServer]:
    with FaultServer(RegistryApp(memory, quirks=Quirks(referrers=True))) as server:
        yield server


@pytest.fixture
def name(server: FaultServer) -> str:
    name = f"{server.host}/app:list"
    succeeded("create", name, f"{server.host}/app:amd", f"{server.host}/app:arm")
    return name


def lose(memory: MemoryRegistry, home: str, image: Image) -> None:
    memory.forget_manifest(at(home).at(image.digest))


def writes(server: FaultServer) -> list[str]:
    return [r.path for r in server.requests if r.method in ("PUT", "POST", "PATCH")]


NAMED = ("linux/arm64", str(ARM.digest), "is missing", "push that image again")


def test_no_list_with_a_hole_is_published(server, memory, name) -> None:  # U1
    lose(memory, "app", ARM)
    refused("push", name, code=3, words=NAMED)
    refused("push", "--dry-run", name, code=3, words=NAMED)
    refused("push", "--merge", name, code=3, words=NAMED)
    child = f"{server.host}/app@{ARM.digest}"  # the store has it
    line = error_line(run_here("create", "--push", f"{server.host}/app:new", child), 3)
    assert str(ARM.digest) in line
    assert writes(server) == []


def test_no_list_with_a_hole_is_called_unchanged(server, memory, name) -> None:  # U2
    succeeded("push", name)
    assert "unchanged" in succeeded("push", name).stderr
    lose(memory, "app", ARM)
    before = writes(server)
    refused("push", name, code=3, words=NAMED)
    refused("push", "--merge", name, code=3, words=NAMED)
    error_line(run_here("create", "--amend", "--push", name, name), 3)
    refused("copy", name, name, code=3, words=NAMED)
    refused("copy", name, f"{name}-too", code=3, words=NAMED)
    refused("undo", "--to", "0", name, code=3, words=NAMED)
    assert writes(server) == before


@pytest.mark.parametrize("command", ["push", "create", "apply", "copy"])
def test_a_child_that_is_gone_is_put_again_from_its_source(  # U3
    server, memory, tmp_path, monkeypatch, command: str
) -> None:
    monkeypatch.chdir(tmp_path)
    source, target = f"{server.host}/from:1", f"{server.host}/to:1"
    platforms = [{"os": "linux", "architecture": a} for a in ("amd64", "arm64")]
    images = [f"{server.host}/from@{image.digest}" for image in (AMD, ARM)]
    entries = [{"image": i, "platform": p} for i, p in zip(images, platforms, strict=True)]
    (tmp_path / "spec.yaml").write_text(f"image: {target}\nmanifests: {entries}\n")
    commands = {
        "push": ("push", target),
        "create": ("create", "--amend", "--push", target, source),
        "apply": ("apply", "spec.yaml"),
        "copy": ("copy", source, target),
    }
    succeeded("create", "--push", target, source)
    lose(memory, "to", ARM)
    again = succeeded(*commands[command])
    assert "unchanged" not in again.stderr
    assert memory.get_manifest(at("to").at(ARM.digest)) == ARM.manifest
    assert "unchanged" in succeeded(*commands[command]).stderr


def test_a_child_that_only_the_store_has_whole_is_put_again(server, memory, name) -> None:  # U4
    succeeded("push", name)
    succeeded("cache", "fetch", "--layers", name)
    lose(memory, "app", ARM)
    assert "1 manifest that it names was put again" in succeeded("push", name).stderr
    lose(memory, "app", ARM)
    assert "1 manifest that it names was put again" in succeeded("undo", "--to", "0", name).stderr
    assert memory.get_manifest(at("app").at(ARM.digest)) == ARM.manifest


def test_a_child_that_its_own_home_lost_may_be_in_the_target(server, memory) -> None:  # U12
    source, target = f"{server.host}/from:1", f"{server.host}/to:1"
    succeeded("create", target, source)
    lose(memory, "from", ARM)
    refused("push", target, code=3, words=NAMED)
    refused("push", "--merge", target, code=3, words=NAMED)
    assert writes(server) == []
    push_image(memory, at("to").at(ARM.digest), ARM)
    succeeded("push", target)
    assert memory.get_manifest(at("to:1")) == INDEX.manifest


def test_a_child_of_a_nested_list_is_named_itself(server, memory) -> None:  # U12
    source, target = f"{server.host}/from:1", f"{server.host}/to:1"
    succeeded("create", "--nest", target, source)
    lose(memory, "from", ARM)
    refused("push", target, code=3, words=(f"from@{ARM.digest}", "is missing"))


def test_a_child_is_missing_for_a_further_tag_in_another_repository(  # U12
    server, memory, name
) -> None:
    lose(memory, "app", ARM)
    push_image(memory, at("to").at(ARM.digest), ARM)
    refused("push", "--tag", f"{server.host}/to:1", name, code=3, words=NAMED)
    assert writes(server) == []


UNSAYING: dict[str, Fault] = {
    "401": Answer(401),
    "403": Answer(403),
    "405": Answer(405),
    "500": with_status(500),
}


@pytest.mark.parametrize("fault", UNSAYING.values(), ids=UNSAYING)
def test_a_child_that_cannot_be_looked_at_is_believed(server, name, fault: Fault) -> None:  # U5
    for method in ("HEAD", "GET"):
        server.on(method, f"/v2/app/manifests/{ARM.digest}", *[fault] * 9)
    succeeded("push", name)


def test_a_failed_merge_names_the_tag_that_it_leaves(server, name) -> None:  # U6
    server.on("PUT", "/v2/app/manifests/list", *[Answer(403)] * 9)
    result = run_here("push", "--merge", name)
    error_line(result, 4)
    assert f"note: {server.host}/app:manyfest-merge-" in result.stderr
    assert "is left behind" in result.stderr


def test_referrers_that_are_not_listed_are_not_said_to_have_come(  # U7
    server, memory, monkeypatch
) -> None:
    monkeypatch.setattr(put_referrers, "_PAUSES", (0.0, 0.0))
    attached = [referrer(INDEX, f"number {number}") for number in range(3)]
    for image in attached:
        push_image(memory, at("from").at(image.digest), image)
    memory.unlisted = {at("to").at(attached[0].digest)}
    source, target = f"{server.host}/from:1", f"{server.host}/to:1"
    result = run_here("copy", "--referrers", source, target)
    assert (result.code, result.stdout) == (1, f"{INDEX.digest}\n".encode())
    assert "2 referrers came along" in result.stderr
    assert "took 1 of 3 referrers and does not list them" in result.stderr
    assert memory.get_manifest(at("to:1")) == INDEX.manifest


def test_the_subject_is_there_before_its_referrers_and_the_tag_comes_last(  # U8
    server, memory
) -> None:
    attached = referrer(INDEX)
    push_image(memory, at("from").at(attached.digest), attached)
    succeeded("copy", "--referrers", f"{server.host}/from:1", f"{server.host}/to:1")
    put = [path.rpartition("/")[2] for path in writes(server) if "/manifests/" in path]
    assert put[2:] == [str(INDEX.digest), str(attached.digest), "1"]


def test_digest_tags_of_a_registry_that_lists_no_tags_come_along(server, memory) -> None:  # U9
    tag = f"sha256-{ARM.digest.hex}.sig"
    push_image(memory, at(f"from:{tag}"), docker_image(text="signature"))
    server.on("GET", "/v2/from/tags/list", *[Answer(404)] * 9)
    copied = succeeded("copy", "--referrers", f"{server.host}/from:1", f"{server.host}/to:1")
    assert f"1 digest tag came along: {tag}" in copied.stderr
    assert memory.get_manifest(at(f"to:{tag}"))


def attach(memory: MemoryRegistry, *images: Image) -> None:
    for image in images:
        push_image(memory, at("from").at(image.digest), image)


# Everything that brings content to another repository, from one list to one tag.
BRINGING = {
    "copy": ("copy", "HOST/from:1", "HOST/to:1"),
    "create --push": ("create", "--push", "HOST/to:1", "HOST/from:1"),
    "publish": ("publish", "-t", "HOST/to:1", "HOST/from:1"),
    "imagetools": ("imagetools", "create", "-t", "HOST/to:1", "HOST/from:1"),
}
bringing = pytest.mark.parametrize("command", BRINGING.values(), ids=BRINGING.keys())


def at_server(command: tuple[str, ...], server: FaultServer) -> list[str]:
    return [word.replace("HOST", server.host) for word in command]


@bringing
def test_signatures_come_along_with_whatever_brings_an_image(server, memory, command) -> None:
    of_list, of_image = signed.bundle(INDEX), signed.bundle(AMD)
    attach(memory, of_list, of_image)
    tag = signed.digest_tag(ARM, "sig")
    push_image(memory, at(f"from:{tag}"), signed.signature(b"a"))
    done = succeeded(*at_server(command, server))
    assert "2 referrers came along" in done.stderr
    assert f"1 digest tag came along: {tag}" in done.stderr
    for subject, image in ((INDEX, of_list), (AMD, of_image)):
        listed = memory.referrers(at("to").at(subject.digest))
        assert [entry.digest for entry in listed] == [image.digest]
    put = [path.rpartition("/")[2] for path in writes(server) if "/manifests/" in path]
    assert put[-1] == "1"


@bringing
@pytest.mark.parametrize("status", [403, 500])
def test_a_source_that_does_not_tell_what_is_attached_is_told(  # U13
    server, memory, command, status: int
) -> None:
    server.always("GET", "/v2/from/referrers/*", with_status(status))
    done = succeeded(*at_server(command, server))
    assert f"may be missing: {server.host}" in done.stderr
    assert "and 2 more" in done.stderr
    assert memory.get_manifest(at("to:1")) == INDEX.manifest


@pytest.mark.parametrize(("status", "code"), [(403, 4), (500, 5)])
def test_a_source_that_does_not_tell_ends_what_requires_it(  # U13
    server, memory, status: int, code: int
) -> None:
    server.always("GET", "/v2/from/referrers/*", with_status(status))
    for command in ("copy", "create --push", "publish"):
        words = at_server(BRINGING[command], server)
        assert server.host in error_line(run_here(words[0], "--attached", *words[1:]), code)
        assert memory.probe_manifest(at("to:1")) is None


def test_a_target_that_takes_no_artifacts_takes_the_list(server, memory) -> None:  # U14
    image = signed.bundle(AMD)
    attach(memory, image)
    server.always("PUT", f"/v2/to/manifests/{image.digest}", Answer(415))
    done = succeeded(*at_server(BRINGING["create --push"], server))
    assert "may be missing" in done.stderr
    assert "415" in done.stderr
    words = at_server(BRINGING["publish"], server)
    words[2] = words[2].replace(":1", ":2")
    assert "415" in error_line(run_here(*words, "--attached"), 1)
    assert memory.probe_manifest(at("to:2")) is None


def test_ten_thousand_attachments_are_not_read(server, memory) -> None:  # U15
    entry = signed.bundle(AMD).manifest.descriptor().to_json()
    listed = [entry | {"digest": f"sha256:{number:064x}"} for number in range(10_000)]
    document = {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": listed}
    answer = Answer(200, json.dumps(document).encode(), (("Content-Type", OCI_INDEX),))
    server.always("GET", f"/v2/from/referrers/{AMD.digest}", answer)
    done = succeeded(*at_server(BRINGING["create --push"], server))
    assert "has more than 5,000 manifests attached" in done.stderr
    assert len(server.requests) < 60


def test_listed_sizes_and_circles_are_not_believed(server, memory) -> None:  # U16
    image = signed.bundle(AMD)
    attach(memory, image)
    lying = image.manifest.descriptor().to_json() | {"size": 2**62}
    itself = AMD.manifest.descriptor().to_json()
    document = {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [lying, itself]}
    answer = Answer(200, json.dumps(document).encode(), (("Content-Type", OCI_INDEX),))
    for subject in (AMD, image):
        server.always("GET", f"/v2/from/referrers/{subject.digest}", answer)
    done = succeeded(*at_server(BRINGING["create --push"], server))
    assert "1 referrer came along" in done.stderr
    assert "may be missing" not in done.stderr


def test_an_attachment_that_is_listed_and_gone_is_no_failure(server, memory) -> None:  # U17
    document = {
        "schemaVersion": 2,
        "mediaType": OCI_INDEX,
        "manifests": [signed.bundle(AMD).manifest.descriptor().to_json()],
    }
    answer = Answer(200, json.dumps(document).encode(), (("Content-Type", OCI_INDEX),))
    server.always("GET", f"/v2/from/referrers/{AMD.digest}", answer)
    words = at_server(BRINGING["publish"], server)
    done = succeeded(*words, "--attached")
    assert "came along" not in done.stderr


def test_signatures_that_are_left_on_request_are_counted(server, memory) -> None:
    attach(memory, signed.bundle(INDEX), signed.bundle(AMD))
    for command in ("copy", "create --push", "publish"):
        words = at_server(BRINGING[command], server)
        words = [word.replace("to:1", f"to-{words[0]}:1") for word in words]
        done = succeeded(words[0], "--no-attached", *words[1:])
        assert "left behind, as --no-attached is given: 2 attached manifests" in done.stderr
        assert memory.referrers(at(f"to-{words[0]}").at(AMD.digest)) == ()
    refused("copy", "--attached", "--no-attached", "a", "b", code=2, words=("exclude",))
    refused("create", "--no-attached", "host/a:1", "b", code=2, words=("--push",))
