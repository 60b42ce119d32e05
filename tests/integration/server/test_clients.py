"""Real clients that pull from ``manyfest serve``, and its command line."""

import os
import re
import signal
import ssl
import subprocess
import sys
import time
from contextlib import contextmanager
from http.client import HTTPSConnection

import pytest

from manyfest.cli.arguments.listen_address import ListenAddress, listening
from manyfest.domain.digests import Digest
from manyfest.store.store import open_store
from tests.integration.server.conftest import INDEX, LIST, keep
from tests.support.programs.our_program import run_here
from tests.support.programs.programs import require_program
from tests.unit.cli.server.test_passwords import basic


def text(result) -> str:
    return result.stdout.decode().strip()


@contextmanager
def started(*arguments, store=None):
    """``manyfest serve`` as a program; gives its address and its process."""
    environment = dict(os.environ)
    if store:
        environment["MANYFEST_STORE"] = str(store)
    command = [
        sys.executable,
        "-m",
        "manyfest",
        "serve",
        "--listen",
        "127.0.0.1:0",
        *map(str, arguments),
    ]
    process = subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        yield process.stdout.readline().strip().partition("://")[2], process
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


@pytest.fixture(scope="module")
def host(served_store):
    with started(store=served_store) as (address, _):
        yield address


@pytest.mark.parametrize("name", ["library/alpine:3", "127.0.0.1_5000/team/app:1"])
def test_skopeo_copies_a_list_with_its_layers(host, tmp_path, name):
    skopeo = require_program("skopeo")
    source, target = f"docker://{host}/{name}", f"dir:{tmp_path / 'copy'}"
    command = [skopeo, "copy", "--all", "--preserve-digests", "--src-tls-verify=false"]
    subprocess.run([*command, source, target], check=True, capture_output=True)
    blobs = {Digest.of(file.read_bytes()) for file in (tmp_path / "copy").iterdir()}
    image = INDEX if "alpine" in name else LIST
    wanted = [image.digest, *(child.digest for child in image.children)]
    layers = [Digest.of(blob) for child in image.children for blob in child.blobs]
    assert {*wanted, *layers} <= blobs


def test_docker_inspects_a_list(host, docker_manifest):
    result = docker_manifest("inspect", "--insecure", f"{host}/library/alpine:edge")
    assert result.code == 0
    assert str(LIST.children[0].digest) in text(result)


def test_our_own_client_copies_with_all_that_is_attached(host, tmp_path):
    result = run_here("copy", f"{host}/library/alpine:3", f"oci:{tmp_path / 'copy'}:3")
    assert (result.code, text(result)) == (0, str(INDEX.digest))
    attached = run_here("attached", f"oci:{tmp_path / 'copy'}:3", "--json")
    assert "application/x-sbom" in text(attached)
    assert text(run_here("tags", f"{host}/library/alpine")).split() == ["3", "3.20", "edge"]


def test_a_mirror_of_registries_conf_is_served(host, tmp_path, monkeypatch):
    conf = tmp_path / "registries.conf"
    conf.write_text(
        '[[registry]]\nprefix = "docker.io"\nlocation = "127.0.0.1:1"\n'
        f'[[registry.mirror]]\nlocation = "{host}"\ninsecure = true\n'
    )
    monkeypatch.setenv("CONTAINERS_REGISTRIES_CONF", str(conf))
    result = run_here("inspect", f"alpine@{INDEX.digest}")
    assert (result.code, str(INDEX.children[0].digest) in text(result)) == (0, True)


@pytest.mark.parametrize("form", ["bundle.tar", "bundle.tar.zst", "folder"])
def test_a_bundle_is_served_without_being_unpacked(served_store, tmp_path, monkeypatch, form):
    bundle = tmp_path / form
    with monkeypatch.context() as scope:
        scope.setenv("MANYFEST_STORE", str(served_store))
        exported = run_here("cache", "export", "--layers", "alpine:3", "alpine:edge", bundle)
        assert exported.code == 0
    with started("--bundle", bundle) as (host, _):
        for tag, image in (("3", INDEX), ("edge", LIST)):
            target = f"oci:{tmp_path / 'copy'}:{tag}"
            copied = run_here("copy", f"{host}/library/alpine:{tag}", target)
            assert (copied.code, text(copied)) == (0, str(image.digest))


def test_names_that_a_bundle_lacks_are_given(host, tmp_path):
    layout = tmp_path / "layout"
    run_here("copy", f"{host}/library/alpine:3", f"oci:{layout}:3")
    assert run_here("serve", "--bundle", layout).code == 1
    with started("--bundle", layout, "--as", "host:5000/app") as (of_layout, _):
        answer = run_here("digest", f"{of_layout}/host_5000/app:3")
        assert text(answer) == str(INDEX.digest)


def test_an_archive_of_docker_save_is_served(host, tmp_path):
    skopeo = require_program("skopeo")
    archive = tmp_path / "saved.tar"
    source = f"docker://{host}/library/alpine:edge"
    target = f"docker-archive:{archive}:team/app:1"
    command = [skopeo, "copy", "--src-tls-verify=false", source, target]
    subprocess.run(command, check=True, capture_output=True)
    with started("--bundle", archive) as (of_archive, _):
        inspected = run_here("inspect", f"{of_archive}/team/app:1")
        assert inspected.code == 0


def test_ctrl_c_ends_it_at_once(served_store):
    with started(store=served_store) as (_, process):
        began = time.monotonic()
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 0
        assert time.monotonic() - began < 10  # 0.01 s on a machine that has nothing else to do


def test_a_fetch_and_a_collection_go_on_meanwhile(served_store, tmp_path, monkeypatch):
    store = tmp_path / "store.db"
    monkeypatch.setenv("MANYFEST_STORE", str(store))
    with started(store=store) as (host, _):
        assert run_here("inspect", f"{host}/library/alpine:3").code == 3
        bundle = tmp_path / "bundle.tar"
        with monkeypatch.context() as scope:
            scope.setenv("MANYFEST_STORE", str(served_store))
            run_here("cache", "export", "--layers", "alpine:3", bundle)
        assert run_here("cache", "import", bundle).code == 0
        assert run_here("cache", "gc").code == 0
        copied = run_here("copy", f"{host}/library/alpine:3", f"oci:{tmp_path / 'copy'}:3")
        assert copied.code == 0


def test_https_with_a_password(served_store, certificate, tmp_path, monkeypatch):
    users = tmp_path / "users.txt"
    made = subprocess.run(
        [sys.executable, "-m", "manyfest", "serve", "--add-user", "ci"],
        input="secret\n",
        capture_output=True,
        text=True,
        check=True,
    )
    users.write_text(made.stdout)
    tls = ("--tls-cert", certificate.file, "--tls-key", certificate.key, "--passwords", users)
    with started(*tls, store=served_store) as (host, _):
        context = ssl.create_default_context(cafile=str(certificate.file))
        client = HTTPSConnection(host, context=context)
        client.request("GET", "/v2/", headers={"Authorization": basic("ci", "secret")})
        assert client.getresponse().status == 200
        client.close()
        monkeypatch.setenv("MANYFEST_CREDS", "ci:secret")
        reading = ("digest", "--insecure", f"{host}/library/alpine:3")
        assert run_here(*reading).code == 4
        given = run_here(*reading, "--creds", "env:MANYFEST_CREDS")
        assert text(given) == str(INDEX.digest)


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (["--listen", "0.0.0.0:0"], 2, "other machines can reach it"),
        (["--listen", "nonsense"], 2, "give HOST:PORT"),
        (["--tls-cert", "a.pem"], 2, "go together"),
        (["--as", "host/app"], 2, "--as names images of a --bundle"),
        (["--bundle", "missing.tar"], 3, "no such file: missing.tar"),
        (["--passwords", "missing"], 1, "cannot be read"),
    ],
)
def test_what_cannot_be_served_is_refused_in_one_line(arguments, code, sentence):
    result = run_here("serve", *arguments)
    assert result.code == code
    assert re.fullmatch(f"error: .*{re.escape(sentence)}.*\n", result.stderr)


def test_two_repositories_of_one_name_are_refused_at_the_start(tmp_path, monkeypatch):
    store = open_store(tmp_path / "store.db")
    keep(store, "docker.io/host_5000/app:1", INDEX)
    keep(store, "host:5000/app:1", LIST)
    store.close()
    monkeypatch.setenv("MANYFEST_STORE", str(tmp_path / "store.db"))
    result = run_here("serve", "--listen", "127.0.0.1:0")
    assert result.code == 6
    assert "host:5000/app and docker.io/host_5000/app would both be served as" in result.stderr


def test_an_address_in_use_is_said_before_anything_is_served(served_store, monkeypatch):
    monkeypatch.setenv("MANYFEST_STORE", str(served_store))
    with listening(ListenAddress("127.0.0.1", 0)) as taken:
        result = run_here("serve", "--listen", f"127.0.0.1:{taken.getsockname()[1]}")
    assert (result.code, result.stdout) == (1, b"")
    assert re.fullmatch("error: --listen 127.*in use\n", result.stderr)
