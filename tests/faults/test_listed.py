"""Lists that lie, nest or never end, configs that are none, and what strangers say in them."""

import json
import time

import pytest

from manyfest.contracts.images import (
    Image,
    docker_image,
    oci_image,
    oci_index,
    push_image,
    referrer,
    with_config,
)
from manyfest.domain import media_types
from manyfest.domain.digests import Digest
from manyfest.domain.references import Reference
from tests.support.faults.judged import refused, succeeded
from tests.support.faults.served import (
    IMAGE,
    INDEX,
    TAG,
    all_refuse,
    commands,
    entry,
    listing,
    served_as,
)
from tests.support.http.fault_server import FaultServer
from tests.support.http.faults import Endless, Fault, with_body, with_header, with_status
from tests.support.http.http_messages import Answer
from tests.support.http.http_server import HttpServer
from tests.support.http.registry_answers import plain
from tests.support.http.registry_server import REGISTRY, Quirks, RegistryApp
from tests.support.programs.our_program import run_here

LIES = {  # C15: what the list says of its child; our exit code and words
    "size": ({"size": 5}, 7, "5 were announced"),
    "type": ({"mediaType": media_types.OCI_MANIFEST}, 1, "listed as"),
}


@pytest.mark.parametrize(("members", "code", "words"), LIES.values(), ids=LIES)
def test_a_list_that_lies_about_its_child_is_not_brought_elsewhere(
    server, members, code, words
) -> None:  # C15
    server.always("*", TAG, served_as(listing(entry(**members)), INDEX))
    name = f"{server.host}/app:1"
    succeeded("create", f"{server.host}/new:1", name)
    refused("push", f"{server.host}/new:1", code=code, words=(words,))
    for command in (["inspect", "-v", name], ["copy", name, "oci:copied:1"]):
        refused(*command, code=code, words=(words,))
    assert run_here("verify", name).code == 8
    assert server.count("PUT") == server.count("POST") == 0


def nested(levels: int, width: int) -> Image:
    """An index of ``width`` equal entries, which are such indexes, and so on."""
    image = oci_image()
    for _ in range(levels):
        members = {"manifests": [entry(image)] * width}
        image = Image(oci_index(image, **members).manifest, children=(image,))
    return image


def test_lists_that_list_each_other_many_times_cost_what_they_hold(server, memory) -> None:  # C16
    push_image(memory, Reference.parse(f"{REGISTRY}/app:1"), nested(levels=4, width=30))
    name = f"{server.host}/app:1"
    before = time.process_time()
    for command in commands(name, server.host):
        assert run_here(*command).code in (0, 8)
    succeeded("push", f"{server.host}/new:1")
    assert time.process_time() - before < 20  # 0.3; path by path it is 90


def test_lists_nested_too_deep_are_refused_where_all_is_read(server, memory) -> None:  # C16
    push_image(memory, Reference.parse(f"{REGISTRY}/app:1"), nested(levels=12, width=1))
    for command in (["copy", f"{server.host}/app:1", "oci:copied:1"], ["verify"]):
        refused(command[0], f"{server.host}/app:1", *command[2:], code=1, words=("nested deeper",))


COUNTS = {  # C17: entries, and what comes of each command
    "none": ([], {"inspect": 0, "create": 1, "copy": 0, "verify": 0}),
    "one twice": ([entry(), entry()], {"inspect": 0, "create": 0, "copy": 0, "verify": 0}),
}


@pytest.mark.parametrize(("entries", "codes"), COUNTS.values(), ids=COUNTS)
def test_odd_numbers_of_entries(server, memory, entries, codes) -> None:  # C17
    index = oci_index(IMAGE, manifests=entries)
    push_image(memory, Reference.parse(f"{REGISTRY}/app:1"), index)
    name = f"{server.host}/app:1"
    ended = {command[0]: run_here(*command).code for command in commands(name, server.host)}
    assert {command: ended[command] for command in codes} == codes


def test_ten_thousand_entries_are_shown_and_listed_again(server) -> None:  # C17
    platforms = [{"os": "linux", "architecture": "arm", "variant": str(n)} for n in range(10_000)]
    entries = [entry(digest=str(Digest.of(str(p).encode())), platform=p) for p in platforms]
    body = listing(*entries)
    server.always("*", TAG, served_as(body, INDEX))
    assert succeeded("inspect", "--raw", f"{server.host}/app:1").stdout == body
    succeeded("create", f"{server.host}/app:new", f"{server.host}/app:1")
    assert b"10000" in succeeded("ls").stdout


CONFIGS = {  # C18: the config's bytes, and words of our line; None: the image is taken
    "not JSON": (b"hello", "not JSON"),
    "architecture as a number": (b'{"os": "linux", "architecture": 5}', "architecture"),
    "a list": (b"[]", "not a JSON object"),
    "over 4 MiB": (b'{"os": "linux", "architecture": "arm"}' + b" " * 2**22, "larger than"),
    "architecture missing": (b'{"os": "linux"}', None),
}


@pytest.mark.parametrize(("config", "words"), CONFIGS.values(), ids=CONFIGS)
def test_a_config_that_is_none_fails_the_whole_create(server, memory, config, words) -> None:  # C18
    push_image(memory, Reference.parse(f"{REGISTRY}/odd:1"), with_config(config))
    command = ["create", f"{server.host}/new:1", f"{server.host}/list:1", f"{server.host}/odd:1"]
    if words is None:
        succeeded(*command)
        refused("push", f"{server.host}/new:1", code=1, words=("must have an OS and Architecture",))
    else:
        refused(*command, code=1, words=(f"{server.host}/odd:1: config", words))


BROKEN_CONFIGS: dict[str, tuple[Fault, int]] = {  # C18
    "wrong bytes": (with_body(b"x" * IMAGE.manifest.config.size), 7),
    "without end": (Endless(), 7),
    "missing": (with_status(404), 3),
}


@pytest.mark.parametrize(("fault", "code"), BROKEN_CONFIGS.values(), ids=BROKEN_CONFIGS)
def test_of_a_broken_config_no_more_is_read_than_was_announced(server, fault, code) -> None:  # C18
    server.always("GET", "/v2/app/blobs/*", fault)
    config = str(IMAGE.manifest.config.digest)
    refused("create", f"{server.host}/new:1", f"{server.host}/app:1", code=code, words=(config,))
    if isinstance(fault, Endless):
        assert fault.sent < 8 * 2**20


def test_nobody_follows_the_urls_of_descriptors(server, memory) -> None:  # C20
    with HttpServer(lambda _: plain(200, "")) as sink:
        layer = IMAGE.manifest.layers[0].to_json() | {"urls": [f"{sink.url}/layer"]}
        image = Image(
            oci_image(layers=[layer]).manifest, (oci_image().blobs[0],), platform=IMAGE.platform
        )
        index = oci_index(image, manifests=[entry(image, urls=[f"{sink.url}/manifest"])])
        push_image(memory, Reference.parse(f"{REGISTRY}/app:1"), index)
        for command in commands(f"{server.host}/app:1", server.host):
            assert run_here(*command).code in (0, 8)
        succeeded("push", f"{server.host}/new:1")
        assert sink.connections == 0


HOSTILE = "\x1b[31mred\x9b2J\u202e\r\nerror: \x07" + "x" * 2_000


def test_what_strangers_say_is_escaped_and_cut_for_people(server, memory) -> None:  # C21
    image = docker_image()
    index = oci_index(
        image,
        manifests=[
            entry(
                image,
                platform={"os": HOSTILE, "architecture": HOSTILE},
                annotations={HOSTILE: HOSTILE},
            )
        ],
        annotations={HOSTILE: HOSTILE},
        artifactType=HOSTILE,
    )
    push_image(memory, Reference.parse(f"{REGISTRY}/app:1"), index)
    name = f"{server.host}/app:1"
    for command in (
        ["inspect", name],
        ["inspect", "-v", name],
        ["verify", name],
        ["diff", name, f"{server.host}/list:1"],
        ["create", f"{server.host}/new:1", name],
        ["ls"],
        ["push", "--dry-run", f"{server.host}/new:1"],
    ):
        result = run_here(*command)
        assert result.code in (0, 1, 8), result
        shown = result.stdout.decode() + result.stderr
        forbidden = "\x1b\r\x07" if command[:1] == ["inspect"] else "\x1b\x9b\u202e\r\x07"
        assert not set(shown) & set(forbidden), command  # in JSON it is as docker has it


def test_what_an_error_says_is_escaped_and_cut(server) -> None:  # C21
    body = json.dumps({"errors": [{"code": HOSTILE, "message": HOSTILE}]}).encode()
    server.always("*", TAG, Answer(403, body, (("Content-Type", "application/json"),)))
    all_refuse(server, f"{server.host}/app:1", 4, "\\x1b[31mred")


LINKS = {  # C25: where the next page is, and what is said of it
    "at another origin": ("<http://127.0.0.2:9/v2/app/referrers/x>", "another host"),
    "at a file": ("<file:///etc/passwd>", ""),
    "round and round": ("<?again>", ""),
}


@pytest.mark.parametrize(("link", "words"), LINKS.values(), ids=LINKS)
def test_pages_that_lead_elsewhere_or_nowhere_are_refused(memory, tmp_path, link, words) -> None:
    push_image(memory, Reference.parse(f"{REGISTRY}/app:1"), IMAGE)
    sbom = referrer(IMAGE)
    push_image(memory, Reference.parse(f"{REGISTRY}/app@{sbom.digest}"), sbom)
    app = RegistryApp(memory, quirks=Quirks(referrers=True))
    with FaultServer(app) as server:
        server.always("GET", "*/referrers/*", with_header("Link", f'{link}; rel="next"'))
        command = ["copy", "--attached", f"{server.host}/app:1", f"oci:{tmp_path}/copied:1"]
        refused(*command, code=1, words=(server.host, words))
        assert server.count() < 1_100
