"""Real outputs and files beside their schemas: each member is there, and described."""

import json
import os
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from manyfest.adapters.memory import MemoryRegistry
from manyfest.cli.process.command_group import COMMANDS, command_of
from manyfest.cli.schemas.files import read_schemas
from manyfest.contracts.images import Image, artifact, oci_image, push_image
from manyfest.domain.references import Reference
from tests.support.content.attested import attested
from tests.support.content.statements import SLSA_1, SPDX, attestation, slsa_1, spdx, statement
from tests.support.http.registry_server import REGISTRY, Quirks, RegistryServer
from tests.support.programs.our_program import run_here

SCHEMAS = {name: json.loads(text) for name, text in read_schemas().items()}
AMD, ARM = oci_image("linux/amd64"), oci_image("linux/arm64/v8", text="arm")
NEW = oci_image("linux/amd64", text="a new build")
SBOM = statement(SPDX, spdx(("openssl", "3.0.13")), AMD.digest)
BUILT = statement(SLSA_1, slsa_1(), AMD.digest)
APP = attested([AMD, ARM], {0: attestation((SPDX, SBOM), (SLSA_1, BUILT))})
SPEC = """image: oci:site:spec
tags: [1.10]
manifests:
- image: {0}:1
  platform: {{os: linux, architecture: amd64}}
"""


def closed(schema: Any) -> Any:
    """The schema with nothing allowed that it does not name; readers must allow it."""
    if isinstance(schema, list):
        return [closed(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    inner = {key: closed(value) for key, value in schema.items()}
    is_object = isinstance(schema.get("properties"), dict) and "required" in schema
    return {"additionalProperties": False, **inner} if is_object else inner


def check(name: str, document: object) -> Any:
    """Fail unless the document is what the schema says, and no more."""
    Draft202012Validator(closed(SCHEMAS[name])).validate(document)
    return document


def run(name: str, *arguments: str, code: int = 0) -> Any:
    """Run a command, and check what it prints."""
    ended = run_here(*arguments)
    assert ended.code == code, (arguments, ended.stderr)
    return check(name, json.loads(ended.stdout))


@pytest.fixture
def app() -> Iterator[str]:
    """A repository with a list, its attestations, a changed list and an artifact."""
    registry = MemoryRegistry()
    with RegistryServer(registry, quirks=Quirks(referrers=True)) as server:
        for tag, image in {"1": APP, "2": attested([NEW, ARM], {}), "amd": AMD}.items():
            _push(registry, tag, image)
        signature = artifact(
            "application/vnd.dev.cosign.artifact.sig.v1+json",
            subject=APP.manifest.descriptor().to_json(),
        )
        _push(registry, "signature", signature)
        yield f"{server.host}/team"


def _push(registry: MemoryRegistry, tag: str, image: Image) -> None:
    push_image(registry, Reference.parse(f"{REGISTRY}/team:{tag}"), image)


@pytest.mark.parametrize("name", SCHEMAS)
def test_a_schema_is_one_and_has_its_name_and_version(name: str) -> None:
    Draft202012Validator.check_schema(SCHEMAS[name])
    assert SCHEMAS[name]["$id"] == f"urn:manyfest:json:1:{name}"


def test_every_command_that_prints_json_has_a_schema() -> None:
    for name in COMMANDS:
        if any(parameter.flag.name == "json" for parameter in command_of(name).parameters):
            assert run_here("schema", name).code == 0, name


def test_the_command_prints_a_schema_and_lists_them() -> None:
    listed = run_here("schema").stdout.decode().splitlines()
    assert [line.split()[0] for line in listed] == list(SCHEMAS)
    assert json.loads(run_here("schema", "cache ls").stdout) == SCHEMAS["cache-ls"]
    refused = run_here("schema", "none")
    assert (refused.code, refused.stdout) == (2, b"")
    assert "expected one of attached, auth-why" in refused.stderr


def test_views(app: str) -> None:
    (entry, *_) = run("show", "show", "--json", "--referrers", f"{app}:1")["entries"]
    assert entry["attached"]
    run("show", "show", "--json", "--platform", "linux/amd64", f"{app}:1")
    run("show", "show", "--json", f"{app}:signature")
    assert len(run("tags", "tags", "--json", "-l", app)) == 4
    assert run("diff", "diff", "--json", f"{app}:1", f"{app}:2", code=8)["entries"]
    assert run("diff", "diff", "--json", f"{app}:2", f"{app}:amd", code=8)["selected"]
    run("verify", "verify", "--json", f"{app}:1")
    assert len(run("verify-fleet", "verify", "--json", f"{app}:1", f"{app}:2")) == 2
    Path("names").write_text(f"{app}:1\n{app}:none\n")
    lines = run_here("inspect", "-f", "names").stdout.splitlines()
    assert [set(check("inspect-file", json.loads(line))) >= {"error"} for line in lines] == [
        False,
        True,
    ]
    run("verify-rules", "verify", "--rules", "--json")
    assert run("attached", "attached", "--json", f"{app}:1")
    assert run("sbom", "sbom", "--json", "--platform", "linux/amd64", f"{app}:1")
    run("provenance", "provenance", "--json", "--platform", "linux/amd64", f"{app}:1")
    run("auth-why", "auth", "why", "--json", f"{app}:1")
    assert run("doctor", "doctor", "--json")["manyfest"]
    assert run("doctor", "doctor", "--json", f"{app}:1")["abilities"]


def test_publishing(app: str) -> None:
    sources = [f"{app}:amd", f"{app}:1@{ARM.digest}"]
    plan = run("push", "create", "--push", "--dry-run", "--json", f"{app}:3", *sources)
    assert [step["step"] for step in plan["steps"]] == ["tag"]
    assert run_here("create", f"{app}:3", *sources).code == 0
    assert run("ls", "ls", "--json")[0]["pushed"] is None
    run("push", "push", "--dry-run", "--json", f"{app}:3")
    assert run_here("push", "--metadata-file", "metadata.json", f"{app}:3").code == 0
    check("metadata-file", json.loads(Path("metadata.json").read_text()))
    assert run("ls", "ls", "--json")[0]["pushed"]
    copied = run("copy", "copy", "--dry-run", "--json", f"{app}:3", "oci:site:3")
    assert {step["step"] for step in copied["steps"]} == {"copy", "put", "tag"}
    assert run("copy-repository", "copy", "--json", f"{app}/", "oci:all/")["tags"]
    assert run("promote", "promote", "--json", "--dry-run", f"{app}:1", "oci:site:1")["steps"]
    assert run("promote", "promote", "--json", f"{app}:1", "oci:site:1")["proof"]["equal"]
    assert run("publish", "publish", "--json", "-t", f"{app}:4", *sources)
    assert run("outdated", "outdated", "--json", f"{app}:2@{APP.digest}", code=8)


def test_specs_and_locks(app: str) -> None:
    text = SPEC.format(app)
    check("spec", yaml.safe_load(text))
    Path("list.yaml").write_text(text)
    assert run_here("lock", "list.yaml").code == 0
    check("lock", json.loads(Path("list.yaml.lock").read_text()))
    assert run("publish", "apply", "--json", "--locked", "list.yaml")


def test_the_cache(app: str) -> None:
    fetched = run("cache-fetch", "cache", "fetch", "--json", "--layers", f"{app}:1")
    assert fetched["layers"] == 4
    assert run_here("create", f"{app}:3", f"{app}:amd").code == 0
    export = ("cache", "export", "--json", "--layers", "--drafts", "bundle.tar")
    assert run("cache-export", *export)["images"]
    with tarfile.open("bundle.tar") as bundle:
        drafts = [name for name in bundle.getnames() if "drafts" in name]
        file = bundle.extractfile(drafts[0])
        assert file is not None
        assert check("drafts", json.load(file))["drafts"]
    run("cache-import", "cache", "import", "--json", "bundle.tar")
    assert run("cache-ls", "cache", "ls", "--json")
    assert run("history", "history", "--json", f"{app}:1")
    assert run("who", "who", "--json", str(AMD.digest))["dependents"]
    run("cache-push", "cache", "push", "--json", f"{app}/memory:ci", f"{app}:1")
    run("cache-pull", "cache", "pull", "--json", f"{app}/memory:ci")
    assert run("untag", "untag", "--dry-run", "--json", f"{app}:2")
    assert run("cache-copy", "cache", "copy", "--json", os.environ["MANYFEST_STORE"], "copy.db")
    assert run("cache-stats", "cache", "stats", "--json")["registries"]
    assert run("cache-query", "cache", "query", "--json", "SELECT * FROM tags")
    run("cache-fsck", "cache", "fsck", "--json")
    gc = run("cache-gc", "cache", "gc", "--json", "--dry-run", "--keep", "0s")
    assert gc["tags"]
