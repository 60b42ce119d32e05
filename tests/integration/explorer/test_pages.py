"""Pages of the explorer: what they show, also as JSON, and what they do not open."""

import hashlib
from contextlib import closing
from datetime import timedelta
from urllib.parse import quote

import pytest
from attrs import evolve

from manyfest.adapters.oci_layout.registry import LayoutRegistry
from manyfest.cli.explorer.access import Guard, Keys
from manyfest.cli.explorer.application import Explorer
from manyfest.contracts.images import docker_image, docker_list, oci_image, push_image
from manyfest.domain.digests import Digest
from manyfest.domain.history.observation import Observation
from manyfest.domain.references import Reference
from manyfest.store.maintenance.queries import SqliteQueries
from manyfest.store.store import open_store
from tests.integration.explorer.conftest import PORT
from tests.support.content.attested import attested
from tests.support.content.fleet import APP, HOSTILE, LAYOUT, NASTY, NOW, SHOP, keep
from tests.support.content.statements import (
    BUNDLE,
    SPDX,
    attachment,
    attestation,
    bundle,
    spdx,
    statement,
)
from tests.support.http.asgi_client import HOST, AsgiClient

ADDRESSES = (
    "/",
    "/search?q=evil",
    f"/repositories/{HOSTILE}",
    f"/manifests/{HOSTILE}:1",
    f"/manifests/{HOSTILE}:2",
    f"/history/{HOSTILE}:1",
    f"/compare?a={HOSTILE}:1&b={HOSTILE}:2",
    f"/search?q={quote(NASTY)}",
    f"/manifests/{quote(NASTY)}",
    f"/repositories/{quote(NASTY)}",
    f"/compare?a={quote(NASTY)}&b={quote(NASTY)}",
    f"/manifests/{APP}:1.0?platform={quote(NASTY)}",
)


def as_json(client, path):
    return client.get(path, accept="application/json").json()


def test_the_first_page_lists_repositories_by_registry(client):
    text = client.get("/").text
    for name in (APP, SHOP, HOSTILE, LAYOUT):
        assert name in text
    assert "claimed by a bundle" in text
    assert "1 draft<" in text


def test_a_repository_groups_tags_by_digest_and_marks_gaps(client):
    found = as_json(client, f"/repositories/{APP}")
    groups = {tuple(tag["name"] for tag in group["tags"]): group for group in found["groups"]}
    assert set(groups) == {("1.1", "latest"), ("amd64",), ("chart",), ("1.0",), ("stated",)}
    assert found["platforms"] == ["linux/amd64", "linux/arm64"]
    assert groups["amd64",]["platforms"] == ["linux/amd64"]
    text = client.get(f"/repositories/{APP}").text
    assert text.count('aria-label="missing"') == 3
    assert text.count('aria-label="there"') == 7


def test_a_list_shows_its_images_with_attestations_below_them(client):
    found = as_json(client, f"/manifests/{APP}:1.0")
    assert [item["platform"] for item in found["entries"]] == ["linux/amd64", "linux/arm64"]
    assert [[one["kind"] for one in item["attached"]] for item in found["entries"]] == [
        ["attestation", "application/vnd.dev.sigstore"],
        ["attestation"],
    ]
    assert found["findings"] == []
    text = client.get(f"/manifests/{APP}:1.0").text
    assert f"manyfest show <span>--offline</span> {APP}:1.0" in text
    for item in found["entries"]:
        assert f'href="/content/{quote(item["digest"])}"' in text


@pytest.mark.parametrize(
    ("platform", "position", "reason"),
    [
        ("linux/arm64/v8", 1, None),
        ("linux/s390x", None, "has nothing for linux/s390x"),
        ("nonsense/", None, "nonsense/"),
    ],
)
def test_a_list_tells_which_entry_a_platform_pulls(client, platform, position, reason):
    found = as_json(client, f"/manifests/{APP}:1.0?platform={quote(platform)}")
    digests = [item["digest"] for item in found["entries"]]
    assert found["pulled"]["digest"] == (None if position is None else digests[position])
    assert reason is None or reason in found["pulled"]["reason"]


def test_a_list_shows_what_verify_finds(client):
    found = as_json(client, f"/manifests/{SHOP}:twice")["findings"]
    assert ("duplicate-platform", "error") in {(one["rule"], one["severity"]) for one in found}
    (found,) = as_json(client, f"/manifests/{SHOP}:sparse")["findings"]
    assert (found["severity"], found["path"]) == ("note", "not checked")


def test_an_image_shows_its_config_its_steps_and_who_shares_its_layers(client):
    found = as_json(client, f"/manifests/{APP}:amd64")
    assert found["config"]["user"] == "www"
    assert [step["instruction"] for step in found["config"]["history"]][-1] == "ENV TOKEN=hunter2"
    assert set(found["sharing"].values()) == {3}  # older amd64, arm64, and the twin
    sharers = [one for images in found["sharers"].values() for one in images]
    assert f"{APP}:1.0" in {one["reference"] for one in sharers}
    text = client.get(f"/manifests/{APP}:amd64").text
    assert "3 other images" in text
    for one in sharers:
        assert f'href="/content/{quote(one["digest"])}"' in text
        assert f'href="/manifests/{quote(one["reference"])}"' in text
    assert "<meter" in text


def test_history_has_the_command_that_puts_each_state_back(client):
    found = as_json(client, f"/history/{APP}:1.0")
    assert [state["undo"] for state in found["states"]] == [
        None,  # it is what the tag is
        f"manyfest undo {APP}:1.0 --to 1",
    ]
    text = client.get(f"/history/{APP}:1.0").text
    assert f"manyfest undo {APP}:1.0 <span>--to</span> 1" in text
    assert "--to 0" not in text
    assert "added linux/arm64" in text


def test_two_states_of_a_tag_are_compared(client):
    path = f"/compare?a={quote(APP + ':1.0@{1}')}&b={APP}:1.0"
    found = as_json(client, path)["comparison"]
    assert {entry["platform"]: entry["status"] for entry in found["entries"]} == {
        "linux/amd64": "changed",
        "linux/arm64": "added",
    }
    assert "1 attestation added" in client.get(path).text


def test_a_digest_leads_to_the_verbatim_content_and_its_tags(client):
    digest = as_json(client, f"/manifests/{APP}:amd64")["digest"]
    found = as_json(client, f"/content/{digest}")
    assert found["tags"] == [f"{APP}:amd64"]
    assert len(found["lists"]) == 1  # of 1.1 and latest
    assert found["size"] == len(found["text"].encode())


def test_a_layer_has_a_page_that_names_its_images(client):
    image = as_json(client, f"/manifests/{APP}:amd64")
    layer = image["layers"][0]["digest"]
    assert f'href="/content/{quote(layer)}"' in client.get(f"/manifests/{APP}:amd64").text
    found = as_json(client, f"/content/{layer}")
    assert image["digest"] in found["images"]
    assert found["text"] is None
    text = client.get(f"/content/{layer}").text
    assert "It is not cached" in text
    assert f"manyfest who {layer}" in text


def layers_of(number):
    return [
        {
            "mediaType": "application/vnd.oci.image.layer.v1.tar+gzip",
            "digest": str(Digest.of(b"%d" % each)),
            "size": each,
        }
        for each in range(number)
    ]


def test_all_layers_of_an_image_are_looked_for_and_counted_to_a_thousand(tmp_path, settings, keys):
    images = [
        *(oci_image(text="base", layers=layers_of(150), n=number) for number in range(3)),
        *(oci_image(text="app", layers=layers_of(1), n=number) for number in range(1000)),
    ]
    with closing(open_store(tmp_path / "store.db")) as store, store.contents.transaction():
        store.contents.keep_manifests(each.manifest for each in images)
        store.contents.observe([Observation(Reference.parse(f"{APP}:x"), images[0].digest, NOW)])
    explorer = Explorer(evolve(settings, store=tmp_path / "store.db"), keys, query_seconds=60.0)
    client = AsgiClient(Guard(explorer.application(), keys, [HOST], PORT))
    client.get(f"/?token={keys.token}")
    found = as_json(client, f"/manifests/{APP}:x")
    assert sorted(found["sharing"].values()) == [*[2] * 149, 1000]
    others = sorted(str(each.digest) for each in images[1:3])
    alike = found["sharers"][layers_of(2)[1]["digest"]]
    assert [one["digest"] for one in alike] == others
    text = client.get(f"/manifests/{APP}:x").text
    assert "1000 or more other images" in text
    assert "2 other images" in text


def test_all_that_names_a_document_is_one_query(client, monkeypatch):
    """Two more are for its tags and a command."""
    digest = as_json(client, f"/manifests/{APP}:amd64")["digest"]
    asked = []
    run = SqliteQueries.run
    monkeypatch.setattr(
        SqliteQueries, "run", lambda self, words: (asked.append(words), run(self, words))[1]
    )
    as_json(client, f"/content/{digest}")
    assert len(asked) == 3


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("shop", {"repositories": [SHOP], "annotations": ["team"]}),
        ("git.example", {"labels": ["org.opencontainers.image.source"]}),
        ("latest", {"tags": [f"{APP}:latest"]}),
        ("' OR 1=1 --", {}),
        ("*", {}),
        ("]", {}),
        ("?", {}),
        ("%", {}),
    ],
)
def test_search_finds_names_annotations_and_labels(client, text, expected):
    found = as_json(client, f"/search?q={quote(text)}")
    assert [one["name"] for one in found["repositories"]] == expected.get("repositories", [])
    assert [one["reference"] for one in found["tags"] if one["reference"].endswith(text)] == (
        expected.get("tags", [])
    )
    for kind in ("annotations", "labels"):
        names = {one["name"] for one in found["texts"] if one["of"] == kind}
        assert names == set(expected.get(kind, [])), kind


def test_search_finds_a_digest_by_its_beginning(client):
    digest = as_json(client, f"/manifests/{APP}:amd64")["digest"]
    for text in (digest, digest[:20], digest.removeprefix("sha256:")[:12]):
        assert [one["digest"] for one in as_json(client, f"/search?q={text}")["digests"]] == [
            digest
        ]


def test_drafts_and_the_store_have_pages(client):
    assert [one["name"] for one in as_json(client, "/drafts")["drafts"]] == [f"{APP}:next"]
    assert "linux/amd64" in client.get(f"/drafts/{APP}:next").text
    store = as_json(client, "/store")
    assert [one["platform"] for one in store["missing"]] == ["linux/s390x"]
    assert store["statistics"]["drafts"] == 1
    assert [one["reference"] for one in store["missing"]] == [f"{SHOP}:sparse"]
    assert store["freeSpace"] > 0
    assert store["incompleteDrafts"] == [f"{APP}:next"]
    text = client.get("/store").text
    for words in (
        "none found so far",
        "1 image that lists name",
        "not cached in full",
        "Last look",
    ):
        assert words in text


def test_what_is_attached_is_shown_with_packages_and_provenance(client):
    path = f"/attached/{APP}:stated?platform=linux/amd64"
    found = as_json(client, path)
    assert {one["form"] for one in found["documents"]} == {"entry", "referrer"}
    assert [one["name"] for one in found["sbom"]["packages"]] == [NASTY, "curl"]
    assert found["provenance"]["facts"]["dockerfile"].startswith("FROM alpine")
    text = client.get(path).text
    assert "FROM alpine" in text
    assert "not verified" in text
    assert "cosign verify-attestation <span>--type</span> TYPE" in text
    assert "<script>alert" not in text


def test_nothing_says_how_to_verify_where_nothing_is_signed(client):
    path = f"/attached/{APP}:1.1"
    assert as_json(client, path)["documents"]
    text = client.get(path).text
    assert "Not signed: anybody who may push here" in text
    assert "cosign" not in text
    assert "not verified" not in text


def test_a_list_of_several_images_has_links_to_choose_by(client):
    path = f"/attached/{APP}:stated"
    for part in ("sbom", "provenance"):
        reason = as_json(client, path)[part]["reason"]
        assert reason == f"{APP}:stated lists 2 images; choose one by its platform, linked above"
    text = client.get(path).text
    assert "--platform" not in text
    assert text.index("platform=linux%2Farm64") < text.index("linked above")


def test_statements_that_are_not_signed_are_called_so(client):
    text = client.get(f"/attached/{APP}:stated?platform=linux/amd64").text
    assert text.count("Not signed: anybody who may push here") == 2
    assert "2 packages, SPDX-2.3" in text


def test_a_signed_sbom_goes_before_others_on_the_page(settings, keys, tmp_path):
    image = oci_image("linux/amd64")
    built, signed = (
        statement(SPDX, spdx((name, "1")), image.digest) for name in ("built", "signed")
    )
    made = attestation((SPDX, built))
    referrer = attachment((BUNDLE, bundle(signed), {}), subject=image, artifact_type=BUNDLE)
    store = open_store(tmp_path / "store.db")
    keep(store, "r.example/one:1", attested([image], {0: made}), NOW)
    with store.transaction():
        store.contents.keep_manifests([referrer.manifest])
        store.contents.keep_blobs([*made.blobs, *referrer.blobs])
    store.close()
    explorer = Explorer(evolve(settings, store=tmp_path / "store.db"), keys)
    client = AsgiClient(Guard(explorer.application(), keys, [HOST], PORT))
    client.get(f"/?token={keys.token}")
    found = as_json(client, "/attached/r.example/one:1")["sbom"]
    assert [one["name"] for one in found["packages"]] == ["signed"]
    assert found["others"] == [str(made.manifest.layers[0].digest)]
    text = client.get("/attached/r.example/one:1").text
    assert "<p>1 package, SPDX-2.3" in text
    assert "Signed, and not verified here" in text
    assert "1 other SBOM:" in text


def test_no_platform_gets_the_statement_of_another(client):
    found = as_json(client, f"/attached/{APP}:stated?platform=linux/arm64")
    assert found["sbom"]["packages"] == []
    assert "SBOM" in found["sbom"]["reason"]
    assert found["provenance"]["facts"]["builder"] == "https://ci.example/runs/7"


@pytest.mark.parametrize("name", ["amd64", "chart", "1.0"])
def test_where_nothing_is_attached_the_page_says_so(client, name):
    found = as_json(client, f"/attached/{APP}:{name}")
    assert found["sbom"]["reason"]
    assert client.get(f"/attached/{APP}:{name}").status_code == 200


@pytest.mark.parametrize("path", ADDRESSES)
def test_texts_from_outside_are_escaped(client, path):
    text = client.get(path).text
    assert "<script>alert" not in text
    assert "<img" not in text
    assert not any(control in text for control in "\x1b\u202e")


def test_programs_get_texts_as_they_are(client):
    found = as_json(client, f"/manifests/{HOSTILE}:1")
    assert found["annotations"] == {NASTY: NASTY}


@pytest.mark.parametrize(
    ("path", "status"),
    [
        (f"/manifests/{APP}:none", 404),
        ("/manifests/UPPER", 400),
        (f"/manifests/{quote(APP + ':1.0@{9}')}", 404),
        (f"/manifests/{quote(APP + ':1.0@{x}')}", 400),
        ("/repositories/nowhere.example/a", 404),
        ("/content/sha256:12", 400),
        (f"/content/sha256:{'0' * 64}", 404),
        ("/drafts/nope:1", 404),
        (f"/history/{APP}:none", 404),
        ("/nothing", 404),
        (f"/manifests/{'a' * 5000}", 400),
    ],
)
def test_what_cannot_be_shown_says_why(client, path, status):
    answer = client.get(path)
    assert answer.status_code == status
    assert "Not shown" in answer.text
    assert client.get(path, accept="application/json").json()["error"]


ZEROS = f"sha256:{'0' * 64}"


@pytest.mark.parametrize(
    ("path", "step", "command"),
    [
        (f"/manifests/{APP}:none", "Fetch it", f"manyfest cache fetch {APP}:none"),
        (f"/compare?a={APP}:none&b={APP}:1.0", "Fetch it", f"manyfest cache fetch {APP}:none"),
        (f"/manifests/{quote(APP + ':1.0@{9}')}", "known states", f"manyfest history {APP}:1.0"),
        ("/drafts/nope:1", "the drafts", "manyfest ls"),
        (f"/content/{ZEROS}", "Search", None),
        ("/manifests/oci:/tmp/none:1", "Search", None),
        ("/manifests/A:B", "Search", None),
        ("/nothing", "first page", None),
    ],
)
def test_an_error_names_the_next_step_and_a_command_where_there_is_one(client, path, step, command):
    text = client.get(path).text
    assert step in client.get(path, accept="application/json").json()["next"]
    assert step in text
    assert (f"<code>{command}</code>" in text) if command else ("<code>" not in text)


def test_a_damaged_store_leads_to_its_check(settings, tmp_path):
    path = tmp_path / "damaged.db"
    path.touch()
    app = Explorer(evolve(settings, store=path), Keys()).application()
    answer = AsgiClient(app).get("/store")
    assert answer.status_code == 500
    assert "<code>manyfest cache fsck</code>" in answer.text


@pytest.mark.parametrize("page", ["manifests", "history", "repositories", "drafts"])
@pytest.mark.parametrize("scheme", ["oci:", "oci-archive:", "docker-archive:"])
def test_no_address_opens_a_file(client, tmp_path, page, scheme):
    """A layout is on this machine, and readable; only the store answers."""
    folder = tmp_path / "layout"
    push_image(LayoutRegistry(), Reference.parse(f"oci:{folder}:1"), docker_image())
    answer = client.get(f"/{page}/{scheme}{folder}:1")
    assert answer.status_code == 404


def test_a_layout_that_the_store_knows_is_shown_from_the_store(client):
    assert as_json(client, f"/repositories/{LAYOUT}")["groups"][0]["tags"][0]["name"] == "1"
    assert as_json(client, f"/manifests/{LAYOUT}:1")["config"]["user"] == "www"


def test_a_missing_store_is_an_empty_one_and_stays_missing(settings, tmp_path):
    path = tmp_path / "none.db"
    app = Explorer(evolve(settings, store=path), Keys()).application()
    assert "Nothing is cached yet" in AsgiClient(app).get("/").text
    assert not path.exists()


def test_images_are_found_by_their_packages(client):
    found = as_json(client, "/search?q=curl")["packages"]
    assert {(one["name"], one["version"], one["platform"]) for one in found} == {
        ("curl", "8.1", "linux/amd64")
    }
    assert f"{APP}:stated" in {one["reference"] for one in found}
    assert as_json(client, "/search?q=curl+8")["packages"] == found
    assert as_json(client, "/search?q=curl+9")["packages"] == []
    assert as_json(client, "/search?q=c'url%22")["packages"] == []
    assert ">Packages</h2>" in client.get("/search?q=curl").text


def test_layers_of_two_images_stand_side_by_side(client):
    shown = client.get(f"/compare?a={LAYOUT}:1&b={HOSTILE}:1").text
    assert "Layers side by side" in shown
    assert '<td class="text"><code>RUN apk add' in shown


def test_a_list_that_was_only_republished_is_marked(client):
    moved = client.get(f"/compare?a={APP}:1.0@%7B1%7D&b={APP}:1.0").text
    assert "Only the list changed" in moved
    assert "Only the list changed" not in client.get(f"/compare?a={APP}:1.0&b={APP}:1.1").text


def test_findings_stand_beside_their_entry(client):
    found = as_json(client, f"/manifests/{SHOP}:twice")
    assert set(found["beside"]) <= {one["digest"] for one in found["entries"]}
    assert "duplicate-platform" in str(found["beside"])


def test_the_findings_of_one_digest_are_not_shown_with_each_of_its_entries(
    tmp_path, settings, keys
):
    store = open_store(tmp_path / "store.db")
    keep(store, "r.example/many:1", docker_list(*[docker_image()] * 50), NOW)
    store.close()
    explorer = Explorer(evolve(settings, store=tmp_path / "store.db"), keys)
    client = AsgiClient(Guard(explorer.application(), keys, [HOST], PORT))
    client.get(f"/?token={keys.token}")
    found = as_json(client, "/manifests/r.example/many:1")
    assert len(found["findings"]) >= 49
    assert [len(beside) for beside in found["beside"].values()] == [10]


def by_digest(client) -> str:
    names = f"{APP}:1.0", f"{SHOP}:2"
    digests = [as_json(client, f"/manifests/{name}")["digest"] for name in names]
    return f"/compare?a={APP}@{digests[0]}&b={SHOP}@{digests[1]}"


@pytest.mark.parametrize("form", ["", "&format=json"])
def test_a_comparison_by_digest_is_kept_by_the_browser_for_good(client, form):
    path = by_digest(client) + form
    first = client.get(path)
    assert first.headers["cache-control"] == "private, max-age=31536000, immutable"
    again = client.get(path, **{"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == first.headers["etag"]
    other = client.get(path, **{"If-None-Match": '"other"'})
    assert (other.status_code, other.content) == (200, first.content)


def test_a_document_is_its_bytes_for_good(client):
    digest = as_json(client, f"/manifests/{HOSTILE}:1")["digest"]
    answer = client.get(f"/documents/{digest}")
    assert f"sha256:{hashlib.sha256(answer.content).hexdigest()}" == digest
    assert answer.headers["content-type"].startswith("text/plain")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "immutable" in answer.headers["cache-control"]
    known = {"If-None-Match": f'"{digest}"'}
    assert client.get(f"/documents/{digest}", **known).status_code == 304
    assert client.get(f"/documents/sha256:{'0' * 64}").status_code == 404
    assert client.get("/documents/..%2f..%2fetc").status_code in {400, 404}


MUTABLE = ("/", f"/manifests/{APP}:1.0", f"/history/{APP}:1.0", f"/compare?a={APP}:1.0&b={APP}:1.1")


@pytest.mark.parametrize("path", MUTABLE)
def test_pages_that_change_are_not_kept(client, path):
    answer = client.get(path)
    assert answer.headers["cache-control"] == "no-store"
    assert "etag" not in answer.headers


def test_a_state_equal_to_the_current_one_needs_no_undo_and_one_without_content_is_told(
    settings, keys, tmp_path
):
    """A tag went to another digest and back; of the oldest state, no content is kept."""
    store = open_store(tmp_path / "store.db")
    one, other = oci_image("linux/amd64"), oci_image("linux/arm64")
    tag, gone = Reference.parse("r.example/moved:1"), f"sha256:{'0' * 64}"
    with store.transaction():
        store.contents.keep_manifests([one.manifest, other.manifest])
        claim = Observation(tag, Digest.parse(gone), NOW, NOW, is_claimed=True, source="elsewhere")
        store.contents.observe([claim])
        for day, image in enumerate((one, other, one), 1):
            at = NOW + timedelta(days=day)
            store.contents.observe([Observation(tag, image.digest, at, at)])
    store.close()
    explorer = Explorer(evolve(settings, store=tmp_path / "store.db"), keys)
    client = AsgiClient(Guard(explorer.application(), keys, [HOST], PORT))
    client.get(f"/?token={keys.token}")
    undo = [state["undo"] for state in as_json(client, f"/history/{tag}")["states"]]
    assert [command and command[-1] for command in undo] == [None, "1", None, "3"]
    text = client.get(f"/history/{tag}").text
    assert text.count("Compare with the state before") == 2
    assert gone in text
    assert f"/content/{quote(gone)}" not in text


def test_the_page_of_a_draft_has_no_link_to_a_digest_that_is_not_published(client):
    digest = as_json(client, f"/drafts/{APP}:next")["digest"]
    text = client.get(f"/drafts/{APP}:next").text
    assert digest in text
    assert f"/content/{quote(digest)}" not in text


@pytest.mark.parametrize("text", ["cur", "\ud7ff", "\U0010ffff", "a\U0010ffff", "c'"])
def test_the_range_of_a_search_ends_behind_all_that_begin_with_the_text(client, text):
    found = as_json(client, f"/search?q={quote(text)}")["packages"]
    assert {one["name"] for one in found} == ({"curl"} if text == "cur" else set())
