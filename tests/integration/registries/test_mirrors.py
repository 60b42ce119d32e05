"""Mirrors and blocks of registries.conf, through the whole program."""

import pytest

from manyfest.adapters.memory import MemoryRegistry
from manyfest.contracts.images import docker_image, docker_list, push_image
from manyfest.domain.references import Reference
from tests.support.http.certificates import self_signed
from tests.support.http.fault_server import FaultServer
from tests.support.http.faults import with_status
from tests.support.http.http_messages import Answer
from tests.support.http.registry_auth import BasicGate
from tests.support.http.registry_server import REGISTRY, RegistryApp, RegistryServer

IMAGE, OTHER = docker_image(), docker_image("linux/arm64", text="other")
NAME = "named.test/team/app"


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path, monkeypatch):
    """Layouts are made where the test is."""
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def conf(tmp_path, monkeypatch):
    """Writes registries.conf: a table for ``named.test``, its location, its mirrors, more lines."""
    file = tmp_path / "registries.conf"
    monkeypatch.setenv("CONTAINERS_REGISTRIES_CONF", str(file))

    def write(location, *mirrors, more=""):
        text = f'[[registry]]\nprefix = "named.test"\nlocation = "{location}"\n{more}'
        tables = (f'[[registry.mirror]]\nlocation = "{mirror}"\n' for mirror in mirrors)
        file.write_text(text + "".join(tables))
        return file

    return write


def holding(*images):
    registry = MemoryRegistry()
    for image in images:
        push_image(registry, Reference.parse(f"{REGISTRY}/team/app:v1"), image)
    return registry


def faulty(image=IMAGE):
    return FaultServer(RegistryApp(holding(image)))


def test_the_real_registry_is_mirrored_by_another(
    conf, seed, docker_registry, start_docker_registry, manyfest
):
    mirror = start_docker_registry()
    seed(f"{mirror.host}/mirrored/team/app:v1", IMAGE)
    for tag, image in (("v1", OTHER), ("v2", OTHER)):
        seed(f"{docker_registry.host}/team/app:{tag}", image)
    conf(docker_registry.host, f"{mirror.host}/mirrored")
    for tag, image in (("v1", IMAGE), ("v2", OTHER)):
        assert manyfest("inspect", "--raw", f"{NAME}:{tag}").stdout == image.manifest.data
    assert manyfest("create", f"{NAME}:list", f"{NAME}:v2").code == 0
    assert manyfest("push", f"{NAME}:list").code == 0
    assert manyfest("inspect", "--remote", f"{docker_registry.host}/team/app:list").code == 0
    assert manyfest("inspect", f"{mirror.host}/mirrored/team/app:list").code == 3


def test_what_only_a_mirror_has_is_not_taken_for_being_at_the_origin(conf, manyfest):
    with faulty(IMAGE) as mirror, faulty(OTHER) as origin:
        conf(origin.host, mirror.host)
        assert manyfest("create", f"{NAME}:list", f"{NAME}:v1").code == 0
        done = manyfest("push", f"{NAME}:list")
        assert origin.count("PUT") == 0
    assert done.code == 3
    assert str(IMAGE.digest) in done.stderr


TROUBLES = {
    "404": with_status(404),
    "500": with_status(500),
    "429": with_status(429),
    "401": with_status(401),
    "no JSON": Answer(200, b"hello", (("Content-Type", "text/html"),)),
}


@pytest.mark.parametrize("trouble", TROUBLES.values(), ids=TROUBLES)
def test_the_next_mirror_answers_at_once(conf, manyfest, trouble):  # M1
    with faulty() as first, faulty() as second, faulty() as origin:
        first.always("*", "*", trouble)
        conf(origin.host, first.host, second.host)
        done = manyfest("inspect", "--raw", f"{NAME}:v1")
        assert (first.count(), second.count(), origin.count()) == (1, 1, 0)
    assert (done.code, done.stdout) == (0, IMAGE.manifest.data)


def test_a_mirror_that_is_down_is_passed_over_and_said_so(conf, manyfest):  # M1
    with faulty() as first, faulty() as second:
        pass
    with faulty() as origin:
        conf(origin.host, first.host, second.host)
        done = manyfest("inspect", "--raw", f"{NAME}:v1")
    assert (done.code, done.stdout) == (0, IMAGE.manifest.data)
    notes = done.stderr.splitlines()
    assert [note.partition(" is passed over")[0] for note in notes] == [
        f"note: the mirror {first.host}",
        f"note: the mirror {second.host}",
    ]


def test_of_a_tag_it_is_told_which_host_answered(conf, manyfest):  # M2
    with faulty(OTHER) as mirror, faulty() as origin:
        conf(origin.host, mirror.host)
        done = manyfest("inspect", "--raw", f"{NAME}:v1")
        assert done.stdout == OTHER.manifest.data
        assert done.stderr == f"note: tags of named.test are read from its mirror {mirror.host}\n"
        by_digest = manyfest("inspect", "--raw", f"{NAME}@{IMAGE.digest}")
        assert (by_digest.code, by_digest.stdout) == (0, IMAGE.manifest.data)


def test_a_mirror_gets_its_own_credentials_and_no_others(  # M3
    tmp_path, conf, manyfest
):
    config = tmp_path / "home" / ".docker" / "config.json"
    config.parent.mkdir()
    gates = {name: BasicGate("user", f"canary-{name}") for name in ("mirror", "origin")}
    with (
        FaultServer(RegistryApp(holding(IMAGE), gate=BasicGate("user", "other"))) as stranger,
        RegistryServer(holding(IMAGE), gate=gates["mirror"]) as mirror,
        RegistryServer(holding(IMAGE), gate=gates["origin"]) as origin,
    ):
        conf(origin.host, stranger.host, mirror.host, more="mirror-by-digest-only = true\n")
        entries = ", ".join(
            f'"{host}": {{"username": "user", "password": "canary-{name}"}}'
            for host, name in (
                (mirror.host, "mirror"),
                (origin.host, "origin"),
                ("named.test", "named"),
            )
        )
        headers = '"HttpHeaders": {"X-Meta": "canary-header"}'
        config.write_text(f'{{"auths": {{{entries}}}, {headers}}}')
        done = manyfest("create", "oci:list:v1", f"{NAME}@{IMAGE.digest}", f"{NAME}:v1")
        assert done.code == 0
        seen = {
            server: {
                value
                for request in server.requests
                for name, value in request.headers
                if name.lower() in ("authorization", "x-meta")
            }
            for server in (stranger, mirror, origin)
        }
    assert stranger.requests
    assert seen[stranger] == set()
    assert len(seen[mirror]) == 1
    assert seen[origin] - {"canary-header"}
    assert not seen[mirror] & seen[origin]
    assert "canary" not in done.stderr


def test_when_all_are_down_one_line_lists_them(conf, manyfest):  # M4
    with faulty() as first, faulty() as second, faulty() as origin:
        pass
    conf(origin.host, first.host, second.host)
    done = manyfest("inspect", "--timeout", "2", f"{NAME}:v1")
    assert done.code == 5
    expected = f"error: {NAME}:v1: neither {first.host} nor {second.host} nor {origin.host} can"
    (line,) = [line for line in done.stderr.splitlines() if not line.startswith("note: ")]
    assert line.startswith(expected)


def test_pushes_go_to_the_origin_alone(conf, manyfest):  # M5
    with faulty() as mirror, faulty() as origin:
        conf(origin.host, mirror.host)
        assert manyfest("create", f"{NAME}:list", f"{NAME}:v1").code == 0
        done = manyfest("push", f"{NAME}:list")
        assert {request.method for request in mirror.requests} == {"GET"}
        assert origin.count("PUT", "/v2/team/app/manifests/list") == 1
    assert done.code == 0
    assert b"\nsha256:" in b"\n" + done.stdout


@pytest.mark.parametrize("path", ["manifests", "blobs"])
def test_wrong_bytes_of_a_mirror_come_from_the_next_host(conf, manyfest, path):  # M6
    with faulty() as mirror, faulty() as origin:
        mirror.always("GET", f"*/{path}/*", lambda good: Answer(200, b"{}", good.headers[:1]))
        conf(origin.host, mirror.host)
        done = manyfest("inspect", "-v", f"{NAME}@{IMAGE.digest}")
        assert origin.count("GET", f"*/{path}/*") == 1
    assert done.code == 0
    assert str(IMAGE.digest).encode() in done.stdout


def test_wrong_bytes_everywhere_are_an_error(conf, manyfest):  # M6
    with faulty() as mirror, faulty() as origin:
        for server in (mirror, origin):
            server.always("GET", "*/manifests/*", lambda good: Answer(200, b"{}"))
        conf(origin.host, mirror.host)
        done = manyfest("inspect", f"{NAME}@{IMAGE.digest}")
    assert (done.code, done.stdout) == (7, b"")


def test_output_and_drafts_keep_the_names_that_were_used(conf, manyfest):
    with faulty() as mirror, faulty() as origin:
        conf(origin.host, mirror.host)
        assert manyfest("create", f"{NAME}:list", f"{NAME}:v1").code == 0
        for command in (["ls"], ["inspect", "-v", f"{NAME}:v1"], ["inspect", f"{NAME}:x"]):
            done = manyfest(*command)
            seen = done.stdout.decode() + done.stderr.replace(f"its mirror {mirror.host}", "")
            assert "named.test/team/app" in seen
            assert "127.0.0.1" not in seen
        assert manyfest("inspect", "--offline", f"{NAME}:v1").code == 0


def test_a_blocked_registry_is_not_asked_and_the_file_named(conf, manyfest):
    with faulty() as origin:
        file = conf(origin.host, more="blocked = true\n")
        for command in (["inspect", f"{NAME}:v1"], ["create", "oci:list:v1", f"{NAME}:v1"]):
            done = manyfest(*command)
            assert done.code == 4
            assert done.stderr == f"error: {NAME}: named.test is blocked by {file}\n"
        assert origin.requests == ()


def test_one_tag_may_be_blocked(tmp_path, monkeypatch, manyfest):
    file = tmp_path / "registries.conf"
    monkeypatch.setenv("CONTAINERS_REGISTRIES_CONF", str(file))
    with FaultServer(RegistryApp(holding(IMAGE))) as origin:
        name = f"{origin.host}/team/app"
        file.write_text(f'[[registry]]\nlocation = "{name}:v2"\nblocked = true\n')
        assert manyfest("inspect", f"{name}:v1").code == 0
        asked = len(origin.requests)
        done = manyfest("inspect", f"{name}:v2")
        assert (done.code, len(origin.requests)) == (4, asked)
    assert done.stderr == f"error: {name}: {name}:v2 is blocked by {file}\n"


def test_tables_that_contradict_each_other_end_the_command(conf, manyfest):
    file = conf("origin.test")
    with file.open("a") as more:
        more.write('[[registry]]\nlocation = "origin.test"\nblocked = true\n')
    done = manyfest("inspect", f"{NAME}:v1")
    assert done.code == 1
    assert done.stderr.startswith(f"error: {file}: registry[0] and registry[1]: both have the ")
    assert len(done.stderr.splitlines()) == 1


def test_broken_configuration_is_one_line_that_names_file_and_key(conf, manyfest):
    file = conf("https://origin.test")
    done = manyfest("inspect", f"{NAME}:v1")
    assert done.code == 1
    assert done.stderr.startswith(f"error: {file}: registry[0].location: ")
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize("more", ["", "insecure = true\n"], ids=["secure", "insecure"])
def test_insecure_may_be_said_of_one_registry(tmp_path, conf, manyfest, more):
    certificate = self_signed(tmp_path / "certificate")
    app = RegistryApp(holding(IMAGE))
    with FaultServer(app, certificate=certificate) as origin:
        conf(origin.host, more=more)
        done = manyfest("inspect", f"{NAME}:v1")
        assert done.code == (0 if more else 5)
        assert len(origin.requests) == (1 if more else 0)


@pytest.mark.parametrize("more", ["", "insecure = true\n"], ids=["secure", "insecure"])
def test_the_flag_is_not_for_mirrors_but_their_table_is(tmp_path, conf, manyfest, more):
    certificate = self_signed(tmp_path / "certificate")
    app = RegistryApp(holding(IMAGE))
    with FaultServer(app, certificate=certificate) as mirror, faulty() as origin:
        file = conf(origin.host, mirror.host)
        file.write_text(file.read_text() + more)
        assert manyfest("inspect", "--insecure", f"{NAME}:v1").code == 0
        assert (mirror.count(), origin.count()) == ((1, 0) if more else (0, 1))


def test_a_list_is_made_from_mirrors_when_the_origin_is_away(conf, manyfest):
    with faulty() as origin:
        pass
    with faulty(docker_list(IMAGE, OTHER)) as mirror:
        conf(origin.host, mirror.host)
        assert manyfest("create", "oci:list:v1", f"{NAME}:v1").code == 0
        assert manyfest("push", "oci:list:v1").code == 0
