"""The contract of a catalogue: subclass ``CatalogueContract`` and give ``kept``."""

import pytest

from manyfest.contracts.draft_book import draft
from manyfest.contracts.garbage_collector import DAY, NOW, see
from manyfest.contracts.images import docker_image, oci_image, oci_index
from manyfest.domain.history.observation import Observation
from manyfest.domain.references import Reference

AMD, ARM = oci_image("linux/amd64", text="amd"), docker_image("linux/arm64/v8", text="arm")
BOTH = oci_index(AMD, ARM)
APP, OTHER = "registry.example/team/app", "registry.example/team_app"
PATTERNS = {
    None: ["docker.io/library/arm:latest", f"{APP}:2", f"{APP}:both", f"{OTHER}:1"],
    "arm": ["docker.io/library/arm:latest"],
    "arm:latest": ["docker.io/library/arm:latest"],
    "docker.io/*": ["docker.io/library/arm:latest"],
    APP: [f"{APP}:2", f"{APP}:both"],
    f"{APP}:b*": [f"{APP}:both"],
    "*team?app*": [f"{APP}:2", f"{APP}:both", f"{OTHER}:1"],
    "*team[_x]app": [f"{OTHER}:1"],
    "*team[^_x]app:[0-9]": [f"{APP}:2"],
    "registry.example/team.app": [],
    "*(": [],
}


class CatalogueContract:
    """``kept`` has ``contents``, ``drafts`` and the ``catalogue`` of one store."""

    @pytest.fixture
    def kept(self):
        """Return an empty store with these attributes."""
        raise NotImplementedError

    @pytest.fixture
    def filled(self, kept):
        see(kept.contents, f"{APP}:both", AMD, days_ago=3)
        see(kept.contents, f"{APP}:both", BOTH, days_ago=2)
        see(kept.contents, f"{APP}:2", AMD, days_ago=1)
        see(kept.contents, f"{OTHER}:1", ARM)
        see(kept.contents, "arm", ARM)
        with kept.drafts.transaction():
            kept.drafts.save(draft("app", "a"))
        return kept

    def test_a_store_that_holds_nothing_has_no_tags(self, kept):
        assert list(kept.catalogue.tags()) == []
        assert list(kept.catalogue.repositories()) == []
        assert kept.catalogue.statistics().tags == 0

    @pytest.mark.parametrize(("pattern", "expected"), PATTERNS.items(), ids=map(str, PATTERNS))
    def test_tags_come_in_order_and_by_pattern(self, filled, pattern, expected):
        tags = filled.catalogue.tags(pattern)
        assert [str(tag.observation.reference) for tag in tags] == expected

    def test_a_tag_comes_with_the_facts_of_its_manifest(self, filled):
        tags = {tag.observation.reference.tag: tag for tag in filled.catalogue.tags(APP)}
        both = tags["both"]
        assert both.observation.digest == BOTH.digest
        assert (both.media_type, both.size) == (BOTH.manifest.media_type, BOTH.manifest.size)
        assert both.platforms == ("linux/amd64", "linux/arm64/v8")
        assert both.layers_size == sum(len(blob) for each in (AMD, ARM) for blob in each.blobs[1:])
        assert tags["2"].platforms == ("linux/amd64",)

    def test_a_list_that_is_not_whole_has_no_size_of_layers(self, kept):
        with kept.contents.transaction():
            kept.contents.keep_manifests([BOTH.manifest])
            kept.contents.observe([Observation(Reference.parse(f"{APP}:x"), BOTH.digest, NOW)])
        (tag,) = kept.catalogue.tags()
        assert tag.layers_size is None

    def test_the_tags_of_a_home_come_behind_a_tag(self, filled):
        tags = [tag.observation.reference.tag for tag in filled.catalogue.tags_of(APP)]
        assert tags == ["2", "both"]
        behind = filled.catalogue.tags_of(APP, "2")
        assert [tag.observation.reference.tag for tag in behind] == ["both"]

    def test_homes_come_in_order_with_the_number_of_their_tags(self, filled):
        found = [(each.name, each.tags) for each in filled.catalogue.repositories()]
        assert found == [("docker.io/library/arm", 1), (APP, 2), (OTHER, 1)]
        (app,) = filled.catalogue.repositories("*team/app")
        assert (app.last_moved, app.is_only_claimed) == (NOW - DAY, False)
        behind = filled.catalogue.repositories(after=APP)
        assert [each.name for each in behind] == [OTHER]

    def test_the_statistics_count_it_all(self, filled):
        found = filled.catalogue.statistics()
        assert (found.tags, found.observations, found.drafts) == (4, 5, 1)
        assert (found.images.number, found.lists.number, found.configs.number) == (2, 1, 2)
        assert found.lists.size == BOTH.manifest.size
        registries = {each.registry: each for each in found.registries}
        assert registries["registry.example"].tags == 3
        assert registries["registry.example"].manifests.number == 3
        assert (found.oldest, found.newest) == (NOW - 3 * DAY, NOW)
