"""The contract of queries: subclass ``QueriesContract`` and give ``kept``."""

import json

import pytest

from manyfest.contracts.draft_book import draft
from manyfest.contracts.garbage_collector import see
from manyfest.contracts.images import docker_image, oci_image, oci_index, referrer
from manyfest.domain.digests import Digest
from manyfest.domain.errors import QueryError
from manyfest.domain.manifests import Manifest
from manyfest.domain.media_types import OCI_INDEX
from manyfest.domain.references import Reference

AMD, ARM = oci_image("linux/amd64", text="base"), docker_image("linux/arm64/v8", text="arm")
BOTH = oci_index(AMD, ARM, annotations={"k": "v"})
SIGNED = referrer(AMD)
BARE = b'{"spdxVersion": "SPDX-2.3", "packages": [{"name": "zlib", "versionInfo": "1"}]}'
SBOM = oci_image(
    layers=[{"mediaType": "text/spdx", "digest": str(Digest.of(BARE)), "size": len(BARE)}]
)
APP, OTHER = "registry.example/team/app", "registry.example/other/app"

# In SQL that every engine understands.
QUESTIONS = {
    "SELECT registry, repository, tag, reference, digest FROM tags ORDER BY reference": [
        ("docker.io", "library/arm", "latest", "docker.io/library/arm:latest", str(ARM.digest)),
        ("oci", "/srv/site", "", "oci:/srv/site", str(AMD.digest)),
        ("registry.example", "sig", "x", "registry.example/sig:x", str(SIGNED.digest)),
        ("registry.example", "team/app", "both", f"{APP}:both", str(BOTH.digest)),
    ],
    "SELECT count(*) FROM history": [(5,)],
    "SELECT claimed, count(*) FROM history GROUP BY claimed": [(0, 5)],
    f"SELECT media_type, kind, size FROM manifests WHERE digest = '{BOTH.digest}'": [
        (BOTH.manifest.media_type, "list", BOTH.manifest.size)
    ],
    "SELECT digest, subject FROM manifests WHERE subject IS NOT NULL": [
        (str(SIGNED.digest), str(AMD.digest))
    ],
    f"SELECT position, platform, os, architecture, variant FROM platforms"
    f" WHERE list = '{BOTH.digest}' ORDER BY position": [
        (0, "linux/amd64", "linux", "amd64", ""),
        (1, "linux/arm64/v8", "linux", "arm64", "v8"),
    ],
    f"SELECT platform FROM platforms WHERE list = '{AMD.digest}'": [("linux/amd64",)],
    f"SELECT position, size FROM layers WHERE manifest = '{AMD.digest}'": [(0, len(AMD.blobs[1]))],
    f"SELECT entry, name, value FROM annotations WHERE manifest = '{BOTH.digest}'": [
        (None, "k", "v")
    ],
    "SELECT name, entries, pushed FROM drafts": [("docker.io/library/app:latest", 2, None)],
    "SELECT value FROM annotations WHERE instr(name, 'k') > 0 OR instr(value, 'no') > 0": [("v",)],
    "SELECT 1 WHERE 1 = 0": [],
    "SELECT 'a%b', 1.5, NULL": [("a%b", 1.5, None)],
}
REFUSED = (
    "DELETE FROM tags",
    "INSERT INTO drafts (name) VALUES ('x')",
    "CREATE TABLE t (x INTEGER)",
    "DROP VIEW tags",
    "SELECT 1; SELECT 2",
    "SELECT 1; DELETE FROM tags",
    "SELECT data FROM blobs",
    "SELECT no_such_column FROM tags",
    "SELECT",
    "BEGIN",
    "COMMIT",
    "",
)


class QueriesContract:
    """``kept`` has ``contents``, ``drafts`` and the ``queries`` of one store."""

    @pytest.fixture
    def kept(self):
        """Return an empty store with these attributes."""
        raise NotImplementedError

    @pytest.fixture
    def filled(self, kept):
        see(kept.contents, f"{APP}:both", AMD, days_ago=2)
        see(kept.contents, f"{APP}:both", BOTH)
        see(kept.contents, "arm", ARM)
        see(kept.contents, "oci:/srv/site", AMD)
        see(kept.contents, "registry.example/sig:x", SIGNED)
        with kept.drafts.transaction():
            kept.drafts.save(draft("app", "a", "b"))
        return kept

    @pytest.mark.parametrize(("statement", "rows"), QUESTIONS.items(), ids=range(len(QUESTIONS)))
    def test_a_question_is_answered(self, filled, statement, rows):
        with filled.queries.run(statement) as answer:
            assert [*answer.rows] == rows

    def test_every_view_can_be_read_and_has_the_columns_it_says(self, filled):
        for view in filled.queries.views():
            with filled.queries.run(f"SELECT * FROM {view.name}") as answer:
                rows = [*answer.rows]
            names = [column.partition("(")[0].strip() for column in view.columns.split(", ")]
            assert answer.columns == tuple(name.split()[0] for name in names)
            assert all(len(row) == len(names) for row in rows)

    def test_the_views_are_these(self, kept):
        names = [view.name for view in kept.queries.views()]
        assert names == [
            *("tags", "history", "manifests", "platforms", "layers", "descriptors", "annotations"),
            *("labels", "texts", "packages", "drafts"),
        ]

    def test_texts_are_the_annotations_or_labels_of_a_manifest(self, kept):
        config = b'{"config": {"Labels": {"team": "core", "n": 1}}}'
        labelled = {"config": {"digest": str(Digest.of(config))}}
        entries = [{"annotations": {"c": "d", "n": 1}}, {"annotations": []}, 3]
        listed = {"manifests": entries, "annotations": {"a": "b"}}
        manifests = [
            Manifest(OCI_INDEX, json.dumps(each).encode()) for each in (labelled, listed, {})
        ]
        with kept.contents.transaction():
            kept.contents.keep_blobs([config])
            kept.contents.keep_manifests(manifests)
        with kept.queries.run("SELECT manifest, kind, text FROM texts ORDER BY 2") as answer:
            assert [*answer.rows] == [
                (str(manifests[1].digest), "annotations", "a\nb\nc\nd"),
                (str(manifests[0].digest), "labels", "team\ncore"),
            ]

    def test_packages_are_of_images_where_their_sbom_was_seen(self, kept):
        """Another repository may attach an SBOM of its own to an image that both have."""
        see(kept.contents, APP, AMD)
        see(kept.contents, f"{OTHER}:1", AMD)
        see(kept.contents, f"{OTHER}:sha256-{AMD.digest.hex}.sbom", SBOM)
        with kept.contents.transaction():
            kept.contents.keep_blobs([BARE])
        with kept.queries.run("SELECT reference, platform, name, image FROM packages") as answer:
            assert [*answer.rows] == [(f"{OTHER}:1", "linux/amd64", "zlib", str(AMD.digest))]

    @pytest.mark.parametrize("statement", REFUSED)
    def test_what_is_no_single_read_of_the_views_is_refused(self, filled, statement):
        with pytest.raises(QueryError), filled.queries.run(statement) as answer:
            list(answer.rows)
        assert filled.contents.last_observation(Reference.parse(f"{APP}:both"))
        assert len(filled.drafts.drafts()) == 1
