"""Recordings: what a registry answered, played again without it."""

import json
import stat

import pytest

import manyfest
from manyfest.domain.references import Reference
from manyfest.testing import MemoryRegistry, Recording, add_image, add_list

NAME = "host.example/app"


@pytest.fixture
def origin() -> MemoryRegistry:
    registry = MemoryRegistry()
    add_list(registry, f"{NAME}:1", ["linux/amd64", "linux/arm64"])
    return registry


def look(registry, store) -> tuple[object, ...]:
    with manyfest.Client(registry=registry, store=store) as client:
        image = client.inspect(f"{NAME}:1")
        return image.raw, image.raw_config("linux/arm64"), client.tags(NAME), image.attached()


def recording(file, origin: MemoryRegistry) -> Recording:
    """Records what the registry in memory answers, in place of those over HTTP."""

    class Fed(Recording):
        def __call__(self, _origin):
            return super().__call__(lambda: origin)

    return Fed(file)


def test_what_was_recorded_is_played_without_the_registry(tmp_path, origin):
    file = tmp_path / "answers.json"
    recorded = look(recording(file, origin), tmp_path / "one.db")
    played = look(Recording(file), tmp_path / "other.db")
    assert recorded == played
    assert len(recorded[2]) == 3


def test_what_is_not_recorded_is_an_error_that_names_the_file(tmp_path, origin):
    file = tmp_path / "answers.json"
    look(recording(file, origin), tmp_path / "one.db")
    with (
        manyfest.Client(registry=Recording(file), store=tmp_path / "other.db") as client,
        pytest.raises(manyfest.errors.UnreachableError, match="answers.json"),
    ):
        client.inspect(f"{NAME}:2")


def test_what_the_registry_lacked_is_lacking_again(tmp_path, origin):
    file = tmp_path / "answers.json"
    for made in (lambda: recording(file, origin), lambda: Recording(file)):
        with (
            manyfest.Client(registry=made(), store=tmp_path / "s.db") as client,
            pytest.raises(manyfest.errors.ManifestUnknownError, match=f"{NAME}:none"),
        ):
            client.inspect(f"{NAME}:none")


def test_a_recording_that_was_changed_is_found_out(tmp_path, origin):
    file = tmp_path / "answers.json"
    digest = add_image(origin, f"{NAME}:2")
    with manyfest.Client(registry=recording(file, origin), store=tmp_path / "one.db") as client:
        client.inspect(f"{NAME}@{digest}")
    answers = json.loads(file.read_text())
    changed = {key: [media_type, "e30="] for key, (media_type, _) in answers.items()}
    file.write_text(json.dumps(changed))
    with (
        manyfest.Client(registry=Recording(file), store=tmp_path / "other.db") as client,
        pytest.raises(manyfest.ManyfestError),
    ):
        client.inspect(f"{NAME}@{digest}")


def test_the_answer_to_a_digest_has_that_digest(tmp_path, origin):
    file, other = tmp_path / "answers.json", f"sha256:{'1' * 64}"
    digest = add_image(origin, f"{NAME}:2")
    with manyfest.Client(registry=recording(file, origin), store=tmp_path / "one.db") as client:
        client.inspect(f"{NAME}@{digest}")
    file.write_text(file.read_text().replace(str(digest), other))
    registry = Recording(file)(lambda: origin)
    with pytest.raises(manyfest.errors.DigestMismatchError, match=other):
        registry.get_manifest(Reference.parse(f"{NAME}@{other}"))


def test_only_its_owner_reads_a_recording(tmp_path, origin):
    file = tmp_path / "answers.json"
    look(recording(file, origin), tmp_path / "one.db")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_nothing_is_written_to_a_recording(tmp_path, origin):
    with (
        manyfest.Client(
            registry=recording(tmp_path / "a.json", origin), store=tmp_path / "s"
        ) as client,
        pytest.raises(manyfest.errors.UnreachableError, match="for reading"),
    ):
        client.copy(f"{NAME}:1", f"{NAME}:2")
