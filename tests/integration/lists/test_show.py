"""``show`` as a person runs it: on a registry, on files, offline, and on what nobody expects."""

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from manyfest.adapters.memory import MemoryRegistry
from manyfest.adapters.oci_layout.registry import LayoutRegistry
from manyfest.contracts.images import (
    Image,
    artifact,
    index_of_anything,
    oci_image,
    oci_index,
    push_image,
    referrer,
    with_unverifiable,
)
from manyfest.domain.digests import Digest
from manyfest.domain.references import Layout, Reference
from tests.support.content.described import CREATED, built_image, built_index, image_of
from tests.support.http.registry_server import REGISTRY, Quirks, RegistryServer
from tests.support.programs.docker_client import Result
from tests.support.programs.our_program import run_here
from tests.support.programs.programs import require_program

APP = built_index("linux/amd64", "linux/arm64/v8")
AMD, AMD_ATTESTATION, ARM, _ = APP.children
NESTED = oci_index(APP, oci_image("linux/s390x"))
SBOM = referrer(AMD, kind="application/spdx+json")
PLANTED: dict[str, Image] = {
    "app": APP,
    "image": AMD,
    "nested": NESTED,
    "sbom": SBOM,
    "chart": artifact("application/vnd.cncf.helm.config.v1+json", b'{"name": "web"}'),
    f"sha256-{AMD.digest.hex}.sig": oci_image(text="a signature"),
}


@pytest.fixture
def server() -> Iterator[RegistryServer]:
    registry = MemoryRegistry()
    for tag, image in PLANTED.items():
        push_image(registry, Reference.parse(f"{REGISTRY}/team:{tag}"), image)
    with RegistryServer(registry, quirks=Quirks(referrers=True)) as server:
        yield server


@pytest.fixture
def name(server: RegistryServer) -> str:
    return f"{server.host}/team"


@pytest.fixture
def layout(tmp_path: Path) -> Path:
    for tag, image in PLANTED.items():
        push_image(LayoutRegistry(), Reference(Layout(str(tmp_path / "site")), tag), image)
    return tmp_path / "site"


def requests(server: RegistryServer) -> list[str]:
    return sorted(f"{line.split()[0]} {line.split('/')[3]}" for line in server.log())


def lines(result: Result) -> list[str]:
    assert result.code == 0, result.stderr
    return result.stdout.decode().splitlines()


def shown(result: Result) -> dict:
    assert result.code == 0, result.stderr
    return json.loads(result.stdout)


def test_a_list_costs_one_request(server: RegistryServer, name: str) -> None:
    text = lines(run_here("show", f"{name}:app"))
    assert text[:3] == [
        f"{name}:app",
        "OCI index, 2 platforms, 2 attestations",
        str(APP.digest),
    ]
    assert text[4] == f"├─ linux/amd64     {AMD.digest}"
    assert text[5] == f"│  └─ attestation  {AMD_ATTESTATION.digest}"
    assert requests(server) == ["GET manifests"]


def test_sizes_and_ages_are_read_if_asked_for_and_known_afterwards(
    server: RegistryServer, name: str
) -> None:
    text = lines(run_here("show", "--long", f"{name}:app"))
    assert requests(server) == ["GET blobs"] * 2 + ["GET manifests"] * 5
    (row,) = [line for line in text if "linux/amd64" in line]
    assert row.split()[2:] == [str(AMD.digest), *row.split()[3:]]
    assert "2 layers  2025-11-20T08:00:00Z" in row
    assert any(line.endswith("SBOM (SPDX), provenance v0.2") for line in text)
    again = lines(run_here("show", f"{name}:app"))
    assert again == text
    assert lines(run_here("show", "--offline", f"{name}:app")) == text
    assert requests(server)[-1] == "HEAD manifests"


def test_an_image_is_shown_as_a_dockerfile_reader_wants_it(
    server: RegistryServer, name: str
) -> None:
    text = lines(run_here("show", "--platform", "linux/amd64", f"{name}:app"))
    assert requests(server) == ["GET blobs", "GET manifests", "GET manifests"]
    assert text[1].startswith("OCI image for linux/amd64, ")
    assert text[3] == "created 2025-11-20T08:00:00Z"
    for line in (
        'entrypoint  ["/entry.sh"]',
        'cmd         ["serve", "--port", "80"]',
        "user        www",
        "workdir     /srv",
        "ports       80/tcp, 443/tcp",
        "volumes     /data",
        "env         PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin",
        "            TOKEN=hunter2",
        "labels      org.opencontainers.image.source=https://git.example/team/app",
    ):
        assert line in text
    steps = text[text.index("history") + 1 :]
    history = [re.split(r"  +(?:\d+ B|-)  ", line)[1] for line in steps]
    assert history == [
        "ADD file:1 in /",
        'CMD ["sh"]',
        "RUN apk add --no-cache curl && rm -rf /var/cache/apk/*",
        "ENV TOKEN=hunter2",
    ]


def test_the_json_has_it_all(name: str) -> None:
    listed = shown(run_here("show", "--long", "--json", f"{name}:app"))
    assert (listed["kind"], listed["digest"]) == ("OCI index", str(APP.digest))
    (first, second) = listed["entries"]
    assert (first["platform"], second["platform"]) == ("linux/amd64", "linux/arm64/v8")
    assert first["size"] == sum(map(len, AMD.blobs))
    assert [layer["size"] for layer in first["layers"]] == [len(blob) for blob in AMD.blobs[1:]]
    assert first["created"] == "2025-11-20T08:00:00.500000+00:00"
    (attestation,) = first["attached"]
    assert attestation["about"] == "SBOM (SPDX), provenance v0.2"
    config = shown(run_here("show", "--json", "--platform", "linux/arm64", f"{name}:app"))["config"]
    assert (config["platform"], config["user"]) == ("linux/arm64/v8", "www")
    assert config["env"][1] == "TOKEN=hunter2"
    assert [step["size"] for step in config["history"]] == [
        len(ARM.blobs[1]),
        0,
        len(ARM.blobs[2]),
        0,
    ]


def test_the_layers_of_each_image_are_shown_if_asked_for(name: str) -> None:
    text = lines(run_here("show", "--layers", f"{name}:app"))
    assert sum(" layer " in line and line.endswith("gzip") for line in text) == 4
    text = lines(run_here("show", "--layers", f"{name}:image"))
    assert text[text.index("layers") + 1].split()[0].startswith("sha256:")


def test_what_is_attached_is_asked_for_only_on_demand(server: RegistryServer, name: str) -> None:
    text = lines(run_here("show", "--referrers", f"{name}:app"))
    assert requests(server) == ["GET manifests"] + ["GET referrers"] * 3 + ["GET tags"] * 2
    start = next(place for place, line in enumerate(text) if "linux/amd64" in line)
    assert [line.split()[2:4] for line in text[start + 1 : start + 4]] == [
        ["attestation", str(AMD_ATTESTATION.digest)],
        ["SBOM", "(SPDX)"],
        ["cosign", "signature"],
    ]


def test_a_list_in_a_list_is_shown_to_the_depth_that_is_asked_for(name: str) -> None:
    deep = lines(run_here("show", "--long", f"{name}:nested"))
    assert any(line.startswith("│  ├─ linux/amd64") for line in deep)
    flat = lines(run_here("show", "--long", "--depth", "1", f"{name}:nested"))
    assert [line[:3] for line in flat[4:]] == ["├─ ", "└─ "]
    assert len(lines(run_here("show", "--depth", "0", f"{name}:nested"))) == 3


def test_a_layout_costs_nothing_and_shows_all(layout: Path) -> None:
    text = lines(run_here("show", f"oci:{layout}:app"))
    assert any("2 layers  2025-11-20T08:00:00Z" in line for line in text)
    assert any("SBOM (SPDX)  " in line for line in text)
    assert any("cosign signature" in line for line in text)
    offline = lines(run_here("show", "--offline", f"oci:{layout}:app"))
    assert offline == text


def test_archives_are_shown(layout: Path, tmp_path: Path) -> None:
    program = require_program("skopeo")
    for target in (f"oci-archive:{tmp_path}/a.tar:v1", f"docker-archive:{tmp_path}/b.tar:app:1"):
        command = [program, "--insecure-policy", "copy", "-q", f"oci:{layout}:image", target]
        subprocess.run(command, check=True, capture_output=True, timeout=300)
        text = lines(run_here("show", target))
        assert "image for linux/amd64, " in text[1]
        assert "user        www" in text


def test_a_bundle_is_shown(name: str, tmp_path: Path) -> None:
    run_here("cache", "fetch", f"{name}:app")
    assert run_here("cache", "export", f"{name}:app", tmp_path / "bundle.tar").code == 0
    text = lines(run_here("show", f"oci-archive:{tmp_path}/bundle.tar"))
    assert any(str(AMD.digest) in line and "2 layers" in line for line in text)


def test_a_draft_is_shown_with_its_sources(name: str) -> None:
    run_here("create", f"{name}:draft", f"{name}:app")
    result = run_here("show", f"{name}:draft")
    text = lines(result)
    assert "this is the draft" in result.stderr
    assert text[1].startswith("OCI index, draft, not pushed, changed ")
    assert text[4].endswith(f"from {name}:app")
    assert shown(run_here("show", "--json", f"{name}:draft"))["draft"] is True
    assert run_here("show", "--remote", f"{name}:draft").code == 3
    image = lines(run_here("show", "--platform", "linux/arm64", f"{name}:draft"))
    assert image[1].startswith("OCI image for linux/arm64/v8")


def test_a_past_state_is_shown(name: str) -> None:
    run_here("inspect", f"{name}:app")
    assert str(APP.digest) in lines(run_here("show", f"{name}:app@{{0}}"))


def test_an_artifact_is_called_what_it_is(name: str) -> None:
    text = lines(run_here("show", f"{name}:chart"))
    assert text[1].startswith("Helm chart, ")
    assert text[3] == "name: web"
    assert lines(run_here("show", f"{name}:sbom"))[1].startswith("SBOM (SPDX)")


def test_what_is_not_there_says_so(layout: Path, name: str) -> None:
    blob = layout / "blobs" / "sha256" / ARM.digest.hex
    blob.unlink()
    (missing,) = [line for line in lines(run_here("show", f"oci:{layout}:app")) if "arm64" in line]
    assert missing.endswith("missing")
    (layout / "blobs" / "sha256" / AMD.manifest.config.digest.hex).unlink()
    assert any("config: " in line for line in lines(run_here("show", f"oci:{layout}:image")))
    assert run_here("show", f"{name}:none").code == 3
    assert run_here("show", "--platform", "linux/s390x", f"{name}:app").code == 3
    assert run_here("show", "--offline", f"{name}:app").code == 3


HOSTILE = "\x1b[2J\x9b\u202e\n\r\x00 café 日本"
ODD: dict[str, Image] = {
    "anything": index_of_anything(),
    "no digest to check": with_unverifiable(oci_index(AMD)),
    "controls": built_image(
        config={"config": {"Env": [HOSTILE], "Labels": {HOSTILE: HOSTILE}, "User": HOSTILE}},
        annotations={HOSTILE: HOSTILE},
    ),
    "wrong types": image_of(b'{"config": {"Env": 7, "Cmd": {}}, "history": {}, "created": []}'),
    "no JSON": image_of(b"\xff\x00"),
    "an empty config": image_of(b"{}"),
    "a large config": image_of(json.dumps({"author": "x" * 4_000_000}).encode()),
    "too large a config": image_of(b" " * (4 * 1024 * 1024 + 1)),
    "annotations of another type": built_index("linux/amd64", annotations=[1]),
    "an annotation of another type": built_index("linux/amd64", annotations={"a": 1}),
    "an empty list": oci_index(),
}


@pytest.mark.parametrize("image", ODD.values(), ids=ODD.keys())
def test_what_nobody_expects_is_shown_all_the_same(tmp_path: Path, image: Image) -> None:
    push_image(LayoutRegistry(), Reference(Layout(str(tmp_path / "odd")), "1"), image)
    for flags in ((), ("--annotations", "--layers"), ("--json",)):
        result = run_here("show", *flags, f"oci:{tmp_path}/odd:1")
        text = result.stdout.decode()
        assert (result.code, result.stderr) == (0, "")
        assert str(image.digest) in text
        assert all(char == "\n" or char.isprintable() for char in text)


def test_a_list_of_forty_thousand_entries_is_shown(tmp_path: Path) -> None:
    entry = oci_image().manifest.descriptor().to_json() | {
        "platform": {"os": "l", "architecture": "a"}
    }
    index = oci_index()
    count = 4 * 1024 * 1024 // (len(json.dumps(entry, separators=(",", ":"))) + 1) - 10
    document = dict(index.manifest.document) | {"manifests": [entry] * count}
    data = json.dumps(document, separators=(",", ":")).encode()
    folder = tmp_path / "large"
    blobs = folder / "blobs" / "sha256"
    blobs.mkdir(parents=True)
    digest = Digest.of(data)
    (blobs / digest.hex).write_bytes(data)
    (folder / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')
    listed = {"mediaType": index.manifest.media_type, "size": len(data), "digest": str(digest)}
    (folder / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": [listed]}))
    text = lines(run_here("show", f"oci:{folder}"))
    assert len(text) == count + 4


def test_a_created_time_is_exact_in_a_file(name: str) -> None:
    assert CREATED.startswith("2025-11-20T08:00:00")
    assert "created 2025-11-20T08:00:00Z" in lines(run_here("show", f"{name}:image"))


@pytest.mark.parametrize("command", ["show", "tags", "digest", "inspect"])
def test_help_has_examples_one_a_line(command: str) -> None:
    text = lines(run_here(command, "--help"))
    examples = text[text.index("  Examples:") + 1 :]
    assert all(line.startswith(f"    manyfest {command} ") for line in examples[:2])


def test_a_store_that_cannot_be_opened_is_a_warning(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setenv("MANYFEST_STORE", str(tmp_path / "file" / "store.db"))
    for words in (("show", f"{name}:app"), ("digest", f"{name}:app"), ("tags", "--long", name)):
        result = run_here(*words)
        assert str(APP.digest) in result.stdout.decode()
        assert (result.code, result.stderr.count("continuing without it")) == (0, 1)
