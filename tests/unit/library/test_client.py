"""The client's methods, on a registry in memory: the operations are tested elsewhere."""

import re
from datetime import datetime, timedelta
from pathlib import Path

import pytest

import manyfest
from manyfest import events
from manyfest.contracts.images import push_image
from manyfest.testing import add_image
from tests.support.content import signed

APP, BASE = "registry.example/app", "registry.example/base"
PLATFORMS = ["linux/amd64", "linux/arm64"]


def test_an_image_is_what_was_read_and_reads_more(manyfest_client):
    image = manyfest_client.inspect(f"{BASE}:1")
    assert (image.is_list, image.media_type) == (True, "application/vnd.oci.image.index.v1+json")
    assert str(image.digest) == str(manyfest.Digest.of(image.raw))
    assert [str(platform) for platform in image.platforms] == ["linux/amd64", "linux/arm64/v8"]
    assert image.image("linux/arm64").digest == image.entries[1].digest
    assert image.config("linux/arm64")["variant"] == "v8"
    assert image.attached() == ()
    assert manyfest_client.inspect(f"{BASE}:1", "linux/amd64").digest == image.entries[0].digest


def test_a_draft_is_made_changed_and_pushed(manyfest_client):
    draft = manyfest_client.create(f"{APP}:1", [f"{APP}:amd64", f"{APP}:arm64"])
    draft.annotate("linux/arm64", variant="v8", annotations={"stage": "beta"})
    draft.annotate_list(annotations={"of": "list"})
    pushed = draft.push(expect_platforms=["linux/amd64", "linux/arm64/v8"], tags="latest")
    assert (pushed.written, [each.tag for each in pushed.moved]) == (2, ["1", "latest"])
    found = manyfest_client.inspect(f"{APP}:latest")
    assert (found.digest, found.annotations) == (pushed.digest, {"of": "list"})
    assert found.entries[1].annotations == {"stage": "beta"}
    assert draft.pushed == pushed.digest
    assert draft.push().written == 0


def test_a_dry_run_writes_nothing_and_tells_the_same(manyfest_client):
    draft = manyfest_client.create(f"{APP}:1", f"{BASE}:1")
    planned = draft.push(dry_run=True)
    with pytest.raises(manyfest.errors.ManifestUnknownError):
        manyfest_client.inspect(f"{APP}:1")
    assert draft.push() == planned


def test_entries_come_and_go(manyfest_client):
    draft = manyfest_client.create(f"{APP}:1", [])
    draft.add([f"{APP}:amd64", f"{BASE}:1"], platforms=["linux/amd64"], on_conflict="replace")
    draft.drop("linux/amd64")
    assert draft.entries == ()
    draft.remove()
    with pytest.raises(manyfest.errors.DraftUnknownError):
        manyfest_client.draft(f"{APP}:1")
    assert manyfest_client.drafts() == ()


def test_a_merge_keeps_the_entries_of_others(manyfest_client):
    for job in ("amd64", "arm64"):
        manyfest_client.create(f"{APP}:1", f"{APP}:{job}").push(merge=True, purge=True)
    merged = manyfest_client.inspect(f"{APP}:1")
    assert [str(platform) for platform in merged.platforms] == PLATFORMS


@pytest.mark.parametrize(
    "wrong",
    [{"merge": True, "expect": "absent"}, {"untagged": True, "tags": "1"}, {"convert": "tar"}],
)
def test_arguments_that_exclude_each_other_are_refused(manyfest_client, wrong):
    draft = manyfest_client.create(f"{APP}:1", f"{APP}:amd64")
    with pytest.raises(manyfest.errors.InputError):
        draft.push(**wrong)


def test_expectations_are_kept(manyfest_client):
    draft = manyfest_client.create(f"{APP}:1", f"{APP}:amd64")
    draft.push(expect="absent")
    draft.add(f"{APP}:arm64")
    with pytest.raises(manyfest.errors.TagMovedError):
        draft.push(expect="absent")
    with pytest.raises(manyfest.errors.UnexpectedPlatformsError):
        draft.push(expect_platforms=["linux/amd64"])


def test_a_release_has_all_its_tags(manyfest_client):
    tags = [f"{APP}:1", "other.example/app:1"]
    pushed = manyfest_client.publish([f"{APP}:amd64", f"{APP}:arm64"], tags)
    assert [str(manyfest_client.digest(tag)) for tag in tags] == [str(pushed.digest)] * 2
    with pytest.raises(manyfest.errors.PlatformConflictError):
        manyfest_client.publish([f"{APP}:amd64", f"{BASE}:1"], tags)


def test_lists_are_declared_and_locked(manyfest_client, tmp_path):
    spec = tmp_path / "lists.yaml"
    spec.write_text(f"image: {APP}:1\nmanifests:\n  - image: {APP}:amd64\n")
    lock = manyfest_client.lock(spec)
    (pushed,) = manyfest_client.apply(spec, lock=lock)
    assert manyfest_client.inspect(f"{APP}:1").digest == pushed.digest


def test_a_copy_has_the_same_bytes_or_chosen_platforms(manyfest_client):
    copied = manyfest_client.copy(f"{BASE}:1", "other.example/base:1")
    assert copied.digest == manyfest_client.digest(f"{BASE}:1")
    assert manyfest_client.copy(f"{BASE}:1", "other.example/base:1").written == 0
    part = manyfest_client.copy(f"{BASE}:1", "other.example/base:2", platforms=["linux/arm64"])
    assert len(part.manifest.entries) == 1


def test_a_tag_goes_back(manyfest_client):
    before = manyfest_client.publish(f"{APP}:amd64", f"{APP}:1")
    after = manyfest_client.publish(f"{BASE}:1", f"{APP}:1")
    assert [state.number for state in manyfest_client.history(f"{APP}:1")] == [0, 1]
    restored = manyfest_client.undo(f"{APP}:1")
    assert (restored.before, restored.digest) == (after.digest, before.digest)
    assert manyfest_client.digest(f"{APP}:1@{{1}}") == after.digest


def test_a_sparse_copy_is_asked_for_before_anything_is_sent(manyfest_client, manyfest_registry):
    names = f"{BASE}:1", "other.example/base:1"
    planned = manyfest_client.copy(*names, platforms="linux/arm64", sparse=True, dry_run=True)
    assert planned.digest == manyfest_client.digest(f"{BASE}:1")
    with pytest.raises(manyfest.errors.SparseRefusedError):
        manyfest_client.copy(*names, platforms="linux/arm64", sparse=True)
    assert manyfest_client.tags("other.example/base") == ()


def test_blobs_that_a_target_lost_are_brought_on_request(manyfest_client, manyfest_registry):
    names = f"{BASE}:1", "other.example/base:1"
    manyfest_client.copy(*names)
    _lose_blob(manyfest_registry, names[1])
    assert manyfest_client.copy(*names).written == 0
    assert manyfest_client.copy(*names, verify_blobs=True).blobs == 1
    assert manyfest_client.verify(names[1]).errors == ()


def _lose_blob(registry: manyfest.testing.MemoryRegistry, name: str) -> None:
    """Make the registry forget a layer of a list's first image."""
    place = manyfest.Reference.parse(name)
    entry = registry.get_manifest(place).entries[0]
    (layer,) = registry.get_manifest(place.at(entry.digest)).layers
    registry.forget_blob(place.at(layer.digest))


@pytest.mark.parametrize(
    "wrong",
    [
        {"sparse": True},
        {"sparse": True, "platforms": "linux/amd64", "convert": "oci"},
        {"attached": True, "convert": "oci"},
    ],
)
def test_arguments_of_a_copy_that_exclude_each_other_are_refused(manyfest_client, wrong):
    with pytest.raises(manyfest.errors.InputError):
        manyfest_client.copy(f"{BASE}:1", "other.example/base:1", **wrong)


def test_a_tag_alone_is_beside_the_first_one(manyfest_client):
    pushed = manyfest_client.publish(f"{APP}:amd64", [f"{APP}:1.4", "1", "latest"])
    assert [str(name) for name in pushed.names] == [f"{APP}:1.4", f"{APP}:1", f"{APP}:latest"]
    for nowhere in ("latest", ["latest", f"{APP}:1"], []):
        with pytest.raises(manyfest.errors.InputError, match="^tags: "):
            manyfest_client.publish(f"{APP}:amd64", nowhere)


def test_a_path_is_no_reference_and_is_told_how_to_be_one(manyfest_client, tmp_path):
    for call in (manyfest_client.inspect, manyfest_client.draft, manyfest_client.cache.fetch):
        with pytest.raises(TypeError, match=f"oci:{tmp_path}:TAG"):
            call(tmp_path)


def test_a_failure_of_the_callback_is_no_failure_of_a_tag(manyfest_registry, tmp_path):
    def fail(event: events.Event) -> None:
        if isinstance(event, events.BlobCopied):
            raise manyfest.errors.NotFoundError("of the callback")

    client = manyfest.Client(registry=manyfest_registry, store=tmp_path / "s.db", on_event=fail)
    with client, pytest.raises(manyfest.errors.NotFoundError, match="of the callback"):
        client.copy_repository(BASE, "mirror.example/base")


def test_a_repository_is_copied_by_versions(manyfest_client, manyfest_registry):
    for tag in ("1.0", "1.1", "2.0"):
        add_image(manyfest_registry, f"{BASE}:{tag}", layers=[tag.encode()])
    add_image(manyfest_registry, "mirror.example/base:1.9")
    names = f"{BASE}/", "mirror.example/base"
    planned = manyfest_client.copy_repository(*names, semver="^1", prune_plan=True, dry_run=True)
    done = manyfest_client.copy_repository(*names, semver="^1", prune_plan=True)
    assert [each.target.tag for each in done.copied] == ["1", "1.0", "1.1"]
    assert list(map(str, done.extra)) == ["mirror.example/base:1.9"]
    assert (done, done.failures) == (planned, {})
    assert manyfest_client.copy_repository(*names, tags=["1.?", "none"]).written == 0
    with pytest.raises(manyfest.errors.NotFoundError, match="no tag that is selected"):
        manyfest_client.copy_repository(*names, tags="9*")


def test_only_what_was_created_since_is_copied(manyfest_client, manyfest_registry):
    for tag, created in (("1.0", "2026-10-31T00:00:00Z"), ("1.1", "2026-11-02T00:00:00Z")):
        add_image(manyfest_registry, f"{BASE}:{tag}", config={"created": created})
    names, since = (BASE, "mirror.example/base"), datetime(2026, 11, 1)  # noqa: DTZ001 -- in UTC, then
    done = manyfest_client.copy_repository(*names, tags="1*", since=since)
    assert [each.source.tag for each in done.copied] == ["1", "1.1"]
    assert list(map(str, done.older)) == [f"{BASE}:1.0"]
    assert list(map(str, done.undated)) == [f"{BASE}:1"]


@pytest.mark.parametrize("wrong", [{"tags": ""}, {"tags": ["1", ""]}, {"semver": ""}])
def test_a_selection_that_is_empty_is_refused(manyfest_client, wrong):
    with pytest.raises(manyfest.errors.InputError):
        manyfest_client.copy_repository(BASE, "mirror.example/base", **wrong)
    assert manyfest_client.tags("mirror.example/base") == ()


def test_a_tag_that_fails_stops_no_other(manyfest_client, manyfest_registry):
    add_image(manyfest_registry, f"{BASE}:0", config={"author": "of this alone"})
    manyfest_registry.forget_blob(_config_of(manyfest_registry, f"{BASE}:0"))
    done = manyfest_client.copy_repository(BASE, "mirror.example/base", tags=["0", "1"])
    assert [each.target.tag for each in done.copied] == ["1"]
    assert list(map(str, done.failures)) == [f"{BASE}:0"]
    with pytest.raises(manyfest.errors.NotFoundError):
        done.raise_for_failures()


def _config_of(registry: manyfest.testing.MemoryRegistry, name: str) -> manyfest.Reference:
    place = manyfest.Reference.parse(name)
    return place.at(registry.get_manifest(place).config.digest)


def test_a_promotion_moves_the_tags_that_are_named(manyfest_client):
    moved = manyfest_client.promote(f"{BASE}:1", "prod.example/base", tags=["1.4", "stable"])
    assert str(moved.target) == "prod.example/base:1.4"
    assert {*manyfest_client.tags("prod.example/base")} == {"1.4", "stable"}
    with pytest.raises(manyfest.errors.NotAttachedError, match="is attached to the list") as caught:
        manyfest_client.promote(f"{BASE}:1", "prod.example/base:2", require=["signature", "sbom"])
    assert caught.value.lacking == {f"{BASE}:1": ("signature", "SBOM")}
    with pytest.raises(manyfest.errors.InvalidReferenceError, match="'a/b' is no tag"):
        manyfest_client.promote(f"{BASE}:1", "prod.example/base", tags="a/b")


def test_a_promotion_tells_what_is_the_same_on_both_sides(manyfest_client, manyfest_registry):
    base = manyfest_registry.get_manifest(manyfest.Reference.parse(f"{BASE}:1"))
    tag = f"sha256-{base.digest.hex}.sig"
    push_image(manyfest_registry, manyfest.Reference.parse(f"{BASE}:{tag}"), signed.signature(b""))
    planned = manyfest_client.promote(f"{BASE}:1", "prod.example/base:2", dry_run=True)
    done = manyfest_client.promote(f"{BASE}:1", "prod.example/base:2", require="signature")
    assert done == planned
    assert [each.digest for each in done.compared] == [
        base.digest,
        *(entry.digest for entry in base.entries),
    ]
    assert (done.kinds, done.attached[0].tag) == ({"cosign signature": 1}, tag)
    again = manyfest_client.promote(f"{BASE}:1", "prod.example/base:2")
    assert (again.tags, again.moved, again.written) == (done.tags, (), 0)


def test_a_promotion_that_cannot_be_proved_says_what_lacks(manyfest_client, manyfest_registry):
    base = manyfest_registry.get_manifest(manyfest.Reference.parse(f"{BASE}:1"))
    for place, text in ((BASE, b"1"), ("prod.example/base", b"2")):
        name = manyfest.Reference.parse(f"{place}:sha256-{base.digest.hex}.sig")
        push_image(manyfest_registry, name, signed.signature(text))
    with pytest.raises(manyfest.errors.NotProvedError, match="not proved") as caught:
        manyfest_client.promote(f"{BASE}:1", "prod.example/base:2")
    [(home, [lacks])] = caught.value.lacking.items()
    assert (home, lacks[:23]) == ("prod.example/base", "cosign signature sha256")


def test_images_of_a_file_are_promoted_together_or_not_at_all(manyfest_client, tmp_path):
    digest, other = manyfest_client.digest(f"{BASE}:1"), manyfest_client.digest(f"{APP}:amd64")
    declared = f'- name: base\n  dmap: {{"{digest}": ["1.4", "latest"]}}\n'
    (tmp_path / "two.yaml").write_text(declared + f'- name: app\n  dmap: {{"{other}": ["1"]}}\n')
    gone = "sha256:" + "0" * 64
    (tmp_path / "gone.yaml").write_text(declared + f'- name: app\n  dmap: {{"{gone}": ["1"]}}\n')
    places = "registry.example", "prod.example/team"
    with pytest.raises(manyfest.errors.ManifestUnknownError):
        manyfest_client.promote_file(tmp_path / "gone.yaml", *places)
    planned = manyfest_client.promote_file(tmp_path / "two.yaml", *places, dry_run=True)
    assert manyfest_client.tags("prod.example/team/base") == ()
    done = manyfest_client.promote_file(str(tmp_path / "two.yaml"), *places)
    assert (done, [each.digest for each in done]) == (planned, [digest, other])
    assert {*manyfest_client.tags("prod.example/team/base")} == {"1.4", "latest"}
    with pytest.raises(manyfest.errors.InputError, match="go together"):
        manyfest_client.promote_file(tmp_path / "two.yaml", *places, sparse=True)


def test_a_tag_is_taken_away_and_comes_back(manyfest_client):
    digest = manyfest_client.digest(f"{APP}:amd64")
    with pytest.raises(manyfest.errors.TagMovedError):
        manyfest_client.untag(f"{APP}:amd64", expect=manyfest_client.digest(f"{APP}:arm64"))
    planned = manyfest_client.untag(f"{APP}:amd64", dry_run=True)
    assert manyfest_client.untag(f"{APP}:amd64", expect=str(digest)) == planned
    assert (planned.digest, planned.is_put_back) == (digest, False)
    assert manyfest_client.tags(APP) == ("arm64",)
    assert manyfest_client.undo(f"{APP}:amd64").before is None
    assert manyfest_client.digest(f"{APP}:amd64") == digest
    with pytest.raises(manyfest.errors.InvalidReferenceError, match="needs the tag"):
        manyfest_client.untag(APP)


def test_a_mirror_is_asked_alone(manyfest_client, manyfest_registry):
    add_image(manyfest_registry, "mirror.example/hub/app:1", layers=[b"in the mirror"])
    found = manyfest_client.verify("registry.example/app:1", through="mirror.example/hub")
    assert (found.errors, found.manifests) == ((), 1)
    fetched = manyfest_client.cache.fetch("registry.example/app:1", through="mirror.example/hub")
    assert (len(fetched.found), fetched.failures) == (1, {})
    with pytest.raises(manyfest.errors.ManifestUnknownError):
        manyfest_client.verify(f"{APP}:amd64", through="mirror.example")
    with pytest.raises(manyfest.errors.InputError, match="through wants a mirror"):
        manyfest_client.verify(f"{APP}:amd64", through="no host")


def test_no_mirror_is_asked_offline(tmp_path):
    with manyfest.Client(store=tmp_path / "s.db", offline=True) as client:
        with pytest.raises(manyfest.errors.InputError, match="offline"):
            client.verify(f"{BASE}:1", through="mirror.example")
        with pytest.raises(manyfest.errors.InputError, match="offline"):
            client.cache.fetch(f"{BASE}:1", through="mirror.example")


def test_what_is_attached_is_fetched_on_request(manyfest_client, manyfest_registry):
    digest = manyfest_client.digest(f"{APP}:amd64")
    add_image(manyfest_registry, f"{APP}:sha256-{digest.hex}.sig", layers=[b"a signature"])
    cache = manyfest_client.cache
    assert cache.fetch(f"{APP}:amd64").attached.manifests == 0
    fetched = cache.fetch(f"{APP}:amd64", attached=True)
    assert (fetched.attached.manifests, fetched.attached.failures) == (1, ())


def test_a_store_is_copied_into_another(manyfest_client, manyfest_store, tmp_path):
    manyfest_client.cache.fetch(f"{BASE}:1")
    with pytest.raises(manyfest.errors.InputError):
        manyfest_client.cache.copy(manyfest_store)
    copied = manyfest_client.cache.copy(tmp_path / "other.db", layers=True)
    assert (copied.manifests.new, copied.tags, copied.kept) == (3, 1, ())
    with manyfest.Client(store=tmp_path / "other.db", offline=True) as other:
        assert other.inspect(f"{BASE}:1").is_list


def test_what_excludes_each_other_in_a_list_is_refused(manyfest_client, tmp_path):
    spec = tmp_path / "lists.yaml"
    spec.write_text(f"image: {APP}:1\nmanifests:\n  - image: {APP}:amd64\n")
    other = {"convert": "docker", "type": "oci"}
    for publish in (
        lambda: manyfest_client.create(f"{APP}:1", f"{APP}:amd64", **other),
        lambda: manyfest_client.publish(f"{APP}:amd64", f"{APP}:1", **other),
        lambda: manyfest_client.apply(spec, **other),
    ):
        with pytest.raises(manyfest.errors.InputError, match="exclude each other"):
            publish()


def test_a_report_has_facts_and_a_text(manyfest_client, manyfest_store):
    report = manyfest_client.doctor()
    assert report.data["store"]["place"] == str(manyfest_store)
    assert (report.data["store"]["exists"], report.refusal) == (False, None)
    assert re.search(rf"place: +{manyfest_store}\n", str(report))
    with pytest.raises(manyfest.errors.UnreachableError):
        manyfest_client.doctor("127.0.0.1:1")
    with pytest.raises(manyfest.errors.InputError, match="takes a registry"):
        manyfest_client.doctor("oci:folder:1")


def test_views_answer_with_values(manyfest_client, tmp_path):
    image = manyfest_client.digest(f"{APP}:amd64")
    assert manyfest_client.tags(APP, "a*") == ("amd64", "arm64")
    (like,) = manyfest_client.tag_details(APP, like=f"{APP}@{image}")
    assert (like.tag, like.digest) == ("amd64", image)
    assert manyfest_client.verify(f"{BASE}:1").findings == ()
    assert manyfest_client.diff(f"{APP}:amd64", f"{APP}:amd64").status.value == "same"
    assert manyfest_client.show(f"{BASE}:1").kind == "OCI index"
    (tmp_path / "Dockerfile").write_text(f"FROM {APP}:amd64\n")
    file = tmp_path / "Dockerfile"
    ((checked,), *others) = (manyfest_client.outdated(files=f) for f in ([file], file, str(file)))
    assert [each[0].reference for each in others] == [checked.reference] * 2
    assert checked.verdict.value in {"current", "new"}


def test_the_cache_serves_without_a_registry(manyfest_client, manyfest_store, tmp_path):
    cache = manyfest_client.cache
    fetched = cache.fetch([f"{BASE}:1", f"{APP}:none"], layers=True)
    assert (len(fetched.found), list(map(str, fetched.failures))) == (3, [f"{APP}:none"])
    cache.export(tmp_path / "bundle.tar", f"{BASE}:1", layers=True)
    with manyfest.Client(store=tmp_path / "other.db", offline=True) as other:
        assert len(other.cache.import_(tmp_path / "bundle.tar").layers) == 2
        assert other.inspect(f"{BASE}:1").config("linux/amd64")["os"] == "linux"
        with pytest.raises(manyfest.errors.NeverSeenError):
            other.inspect(f"{APP}:amd64")
    assert [str(tag.reference) for tag in cache.ls("*base*")] == [f"{BASE}:1"]
    counted = cache.query("SELECT count(*) AS n FROM tags")
    assert (counted, list(counted)) == (manyfest.Rows(("n",), ((1,),)), [{"n": 1}])
    assert (cache.stats().tags, cache.fsck().damaged) == (1, ())
    assert cache.gc(timedelta(0)).observations
    assert cache.ls() == ()


def test_progress_is_told_as_values(manyfest_registry, tmp_path):
    told: list[events.Event] = []
    client = manyfest.Client(
        registry=manyfest_registry, store=tmp_path / "s.db", on_event=told.append
    )
    with client:
        client.copy(f"{BASE}:1", "other.example/base:1")
    assert {type(event) for event in told} >= {events.TransferPlanned, events.BlobCopied}


def test_a_closed_client_says_so(manyfest_client):
    manyfest_client.close()
    manyfest_client.close()
    with pytest.raises(RuntimeError, match="closed"):
        manyfest_client.inspect(f"{BASE}:1")


def test_each_call_asks_for_the_tag_again(manyfest_client, manyfest_registry):
    before = manyfest_client.digest(f"{APP}:amd64")
    add_image(manyfest_registry, f"{APP}:amd64", layers=[b"another"])
    assert manyfest_client.digest(f"{APP}:amd64") != before


def test_warnings_go_to_the_log_and_nothing_is_printed(tmp_path, caplog, capsys):
    folder = tmp_path / "a file"
    folder.write_text("")
    registry = manyfest.testing.MemoryRegistry()
    add_image(registry, f"{APP}:amd64")
    with manyfest.Client(registry=registry, store=folder / "s.db") as client:
        client.inspect(f"{APP}:amd64")
    assert "continuing without it" in caplog.text
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(
    "wrong",
    [
        {"jobs": 0},
        {"jobs": 257},
        {"chunk_size": -1},
        {"timeout": float("nan")},
        {"timeout": -1},
        {"authfile": "/nonexistent"},
        {"credentials": {"a//b": ("me", "secret")}},
        {"credentials": {"a.example": "me:secret"}},
    ],
)
def test_a_wrong_argument_is_refused_by_name(wrong):
    (name,) = wrong
    with pytest.raises(manyfest.errors.InputError, match=name) as refused:
        manyfest.Client(**wrong)
    assert "secret" not in str(refused.value)


VARIABLES = {
    "MANYFEST_JOBS": "3",
    "MANYFEST_TIMEOUT": "1m",
    "MANYFEST_CHUNK_SIZE": "2MiB",
    "MANYFEST_MAX_AGE": "1h30m",
    "MANYFEST_STALE_IF_ERROR": "1",
    "MANYFEST_OFFLINE": "1",
    "MANYFEST_STORE": "/tmp/of-the-environment.db",
    "MANYFEST_TRUSTED_MEMORY": "host.example/memory:ci",
    "HTTPS_PROXY": "http://proxy.example",
}


@pytest.fixture
def variables(monkeypatch):
    for name, value in VARIABLES.items():
        monkeypatch.setenv(name, value)


def test_times_are_seconds_or_durations():
    minute = timedelta(minutes=1)
    for given in ({"timeout": 60, "max_age": 60}, {"timeout": minute, "max_age": minute}):
        found = _settings(**given)
        assert (found.seconds, found.max_age) == (60, minute)


def test_a_client_shows_its_store_without_a_password(tmp_path):
    assert repr(manyfest.Client(store=tmp_path / "s.db")) == f"<Client {tmp_path}/s.db>"
    shown = repr(manyfest.Client(store="postgresql://me:secret@db.example/x"))
    assert "secret" not in shown
    assert "db.example" in shown


def _settings(**given):
    with manyfest.Client(**given) as client:
        return client._calls.settings


@pytest.mark.usefixtures("variables")
def test_an_argument_goes_before_its_variable():
    found = _settings()
    assert (found.jobs, found.seconds, found.seconds_are_hard) == (3, 60, True)
    assert (found.chunk_size, found.max_age) == (2 * 1024**2, timedelta(minutes=90))
    assert (found.stale_if_error, found.offline) == (True, True)
    assert found.trusted_memories == ("host.example/memory:ci",)
    given = _settings(
        jobs=5, timeout=7, chunk_size=0, max_age=timedelta(), stale_if_error=False, offline=False
    )
    assert (given.jobs, given.seconds, given.chunk_size) == (5, 7, 0)
    assert (given.max_age, given.stale_if_error, given.offline) == (timedelta(), False, False)


@pytest.mark.usefixtures("variables")
def test_without_trust_no_variable_is_read(monkeypatch):
    for name in ("MANYFEST_STORE", "HTTPS_PROXY", "MANYFEST_JOBS", "HOME"):
        monkeypatch.setenv(name, "/home/of-the-user" if name == "HOME" else "nonsense")
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    found = _settings(trust_env=False)
    assert (found.jobs, found.seconds, found.seconds_are_hard) == (32, 120, False)
    assert (found.offline, found.proxies, found.trusted_memories) == (False, {}, ())
    assert str(found.store) == "/home/of-the-user/.local/share/manyfest/store.db"


@pytest.mark.parametrize("name", ["JOBS", "TIMEOUT", "CHUNK_SIZE", "MAX_AGE", "STALE_IF_ERROR"])
def test_a_malformed_variable_is_refused_by_name(monkeypatch, name):
    monkeypatch.setenv(f"MANYFEST_{name}", "nonsense")
    with pytest.raises(manyfest.errors.InputError, match=f"MANYFEST_{name}"):
        manyfest.Client()


def test_inspect_makes_a_client_of_its_own(tmp_path: Path):
    layout = f"oci:{tmp_path}/layout"
    with manyfest.Client(store=tmp_path / "s.db") as client:
        registry = manyfest.testing.MemoryRegistry()
        add_image(registry, "r.example/a:1")
        with manyfest.Client(registry=registry, store=tmp_path / "s.db") as other:
            other.copy("r.example/a:1", f"{layout}:1")
        assert client.inspect(f"{layout}:1").digest == manyfest.inspect(f"{layout}:1").digest
    assert manyfest.inspect(f"{layout}:1").config()["architecture"] == "amd64"
