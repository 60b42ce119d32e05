"""The newest schema as statements, which make a new store without sqlite-utils.

Written by ``python -m tests.golden.generate_schema`` from the migrations; not edited by hand.
"""

VERSION = 16

STATEMENTS = (
    """
CREATE TABLE "manifests" (
   "digest" TEXT PRIMARY KEY NOT NULL,
   "media_type" TEXT NOT NULL,
   "data" BLOB NOT NULL
)
""",
    """
CREATE TABLE "blobs" (
   "digest" TEXT PRIMARY KEY NOT NULL,
   "data" BLOB NOT NULL
)
""",
    """
CREATE TABLE "observations" (
   "id" INTEGER PRIMARY KEY,
   "home" TEXT NOT NULL,
   "tag" TEXT NOT NULL,
   "digest" TEXT NOT NULL REFERENCES "manifests"("digest"),
   "first_seen" TEXT NOT NULL,
   "last_seen" TEXT NOT NULL
, "claimed" INTEGER NOT NULL DEFAULT 0)
""",
    """
CREATE INDEX "idx_observations_home_tag_last_seen"
    ON "observations" ("home", "tag", "last_seen")
""",
    """
CREATE TABLE "drafts" (
   "name" TEXT PRIMARY KEY NOT NULL,
   "created_at" TEXT NOT NULL,
   "changed_at" TEXT NOT NULL,
   "pushed" TEXT
, "keeps_order" INTEGER NOT NULL DEFAULT 0, "list_type" TEXT NOT NULL DEFAULT 'auto', "index_found" TEXT NOT NULL DEFAULT '{}', "index_said" TEXT NOT NULL DEFAULT '{}')
""",
    """
CREATE TABLE "entries" (
   "position" INTEGER NOT NULL,
   "draft" TEXT NOT NULL REFERENCES "drafts"("name"),
   "source" TEXT NOT NULL,
   "list_digest" TEXT,
   "found" TEXT NOT NULL,
   "overrides" TEXT NOT NULL,
   PRIMARY KEY ("draft", "position")
)
""",
    """
CREATE INDEX "idx_observations_digest"
    ON "observations" ("digest")
""",
    """
CREATE TABLE "quarantine" (
   "id" INTEGER PRIMARY KEY,
   "kind" TEXT NOT NULL,
   "name" TEXT NOT NULL,
   "reason" TEXT NOT NULL,
   "set_aside_at" TEXT NOT NULL,
   "data" BLOB NOT NULL
)
""",
    """
CREATE TABLE "hosts" (
   "host" TEXT NOT NULL,
   "scheme" TEXT NOT NULL,
   "realm" TEXT NOT NULL,
   "service" TEXT NOT NULL,
   "learnt_at" TEXT NOT NULL,
   "insecure" INTEGER NOT NULL, "chunk_size" INTEGER NOT NULL DEFAULT 0, "takes_tags" INTEGER, "lacks_referrers" INTEGER NOT NULL DEFAULT 0,
   PRIMARY KEY ("host", "insecure")
)
""",
    """
CREATE TABLE "packages" (
   "id" INTEGER PRIMARY KEY,
   "statement" TEXT NOT NULL REFERENCES "blobs"("digest") ON DELETE CASCADE,
   "image" TEXT NOT NULL,
   "name" TEXT NOT NULL,
   "version" TEXT NOT NULL,
   "type" TEXT NOT NULL,
   "licence" TEXT NOT NULL,
   "purl" TEXT NOT NULL
)
""",
    """
CREATE INDEX "idx_packages_name_version"
    ON "packages" ("name", "version")
""",
    """
CREATE TABLE "descriptors" (
   "manifest" TEXT NOT NULL REFERENCES "manifests"("digest") ON DELETE CASCADE,
   "role" TEXT NOT NULL,
   "position" INTEGER NOT NULL,
   "digest" TEXT NOT NULL,
   PRIMARY KEY ("manifest", "role", "position")
) WITHOUT ROWID
""",
    """
CREATE INDEX "idx_descriptors_digest_role"
    ON "descriptors" ("digest", "role")
""",
    """
CREATE TRIGGER "descriptors_of_new" AFTER INSERT ON "manifests" BEGIN
    INSERT INTO descriptors (manifest, role, position, digest)
    SELECT NEW.digest AS manifest, CASE member.key WHEN 'manifests' THEN 'entry' WHEN 'layers' THEN 'layer'
        ELSE member.key END AS role, named.key AS position,
        json_extract(named.value, '$.digest') AS digest
    FROM json_each(CASE WHEN json_valid(CAST(NEW.data AS TEXT)) THEN CAST(NEW.data AS TEXT) END) AS member,
        json_each(CASE member.type WHEN 'array' THEN member.value
        ELSE json_array(json(member.value)) END) AS named
    WHERE (
        member.key IN ('manifests', 'layers') AND member.type = 'array'
        OR member.key IN ('config', 'subject') AND member.type = 'object')
        AND named.type = 'object' AND json_type(named.value, '$.digest') = 'text'
        AND (length(json_extract(named.value, '$.digest')) = 71 AND json_extract(named.value, '$.digest') GLOB 'sha256:*'
            OR length(json_extract(named.value, '$.digest')) = 135 AND json_extract(named.value, '$.digest') GLOB 'sha512:*')
    ORDER BY 1, 2, 3
    ON CONFLICT DO NOTHING;
END
""",
    """
CREATE TRIGGER "descriptors_of_healed" AFTER UPDATE OF "data" ON "manifests" BEGIN
    DELETE FROM descriptors WHERE manifest = NEW.digest;
    INSERT INTO descriptors (manifest, role, position, digest)
    SELECT NEW.digest AS manifest, CASE member.key WHEN 'manifests' THEN 'entry' WHEN 'layers' THEN 'layer'
        ELSE member.key END AS role, named.key AS position,
        json_extract(named.value, '$.digest') AS digest
    FROM json_each(CASE WHEN json_valid(CAST(NEW.data AS TEXT)) THEN CAST(NEW.data AS TEXT) END) AS member,
        json_each(CASE member.type WHEN 'array' THEN member.value
        ELSE json_array(json(member.value)) END) AS named
    WHERE (
        member.key IN ('manifests', 'layers') AND member.type = 'array'
        OR member.key IN ('config', 'subject') AND member.type = 'object')
        AND named.type = 'object' AND json_type(named.value, '$.digest') = 'text'
        AND (length(json_extract(named.value, '$.digest')) = 71 AND json_extract(named.value, '$.digest') GLOB 'sha256:*'
            OR length(json_extract(named.value, '$.digest')) = 135 AND json_extract(named.value, '$.digest') GLOB 'sha512:*')
    ORDER BY 1, 2, 3
    ON CONFLICT DO NOTHING;
END
""",
    """
CREATE TABLE "claims" (
   "home" TEXT NOT NULL,
   "tag" TEXT NOT NULL,
   "source" TEXT NOT NULL,
   "digest" TEXT NOT NULL,
   "first_seen" TEXT NOT NULL,
   "last_seen" TEXT NOT NULL,
   PRIMARY KEY ("home", "tag", "source", "digest", "first_seen")
)
""",
    """
CREATE TABLE "digests" (
   "digest" TEXT NOT NULL,
   "home" TEXT NOT NULL,
   "last_seen" TEXT NOT NULL,
   PRIMARY KEY ("digest", "home")
) WITHOUT ROWID
""",
    """
CREATE TABLE "annotation_texts" (
   "manifest" TEXT PRIMARY KEY NOT NULL REFERENCES "manifests"("digest") ON DELETE CASCADE,
   "text" TEXT NOT NULL
) WITHOUT ROWID
""",
    """
CREATE TABLE "label_texts" (
   "config" TEXT PRIMARY KEY NOT NULL REFERENCES "blobs"("digest") ON DELETE CASCADE,
   "text" TEXT NOT NULL
) WITHOUT ROWID
""",
    """
CREATE TRIGGER "texts_of_new_manifest" AFTER INSERT ON "manifests"
WHEN instr(NEW.data, CAST('"annotations"' AS BLOB)) BEGIN
    INSERT INTO annotation_texts (manifest, text)
    SELECT digest, group_concat(a.key || char(10) || a.value, char(10)) FROM (
        SELECT NEW.digest, one.key, one.value
        FROM json_each(CASE WHEN json_valid(CAST(NEW.data AS TEXT)) THEN CAST(NEW.data AS TEXT) END, '$.annotations') AS one
        WHERE one.type = 'text' AND instr(NEW.data, CAST('"annotations"' AS BLOB))
        UNION ALL
        SELECT NEW.digest, one.key, one.value
        FROM json_each(CASE WHEN json_valid(CAST(NEW.data AS TEXT)) THEN CAST(NEW.data AS TEXT) END, '$.manifests') AS entry,
            json_each(entry.value, '$.annotations') AS one
        WHERE entry.type = 'object' AND one.type = 'text' AND instr(NEW.data, CAST('"annotations"' AS BLOB))) AS a
    GROUP BY digest;
END
""",
    """
CREATE TRIGGER "texts_of_healed_manifest" AFTER UPDATE OF "data" ON "manifests" BEGIN
    DELETE FROM annotation_texts WHERE manifest = NEW.digest;
    INSERT INTO annotation_texts (manifest, text)
    SELECT digest, group_concat(a.key || char(10) || a.value, char(10)) FROM (
        SELECT NEW.digest, one.key, one.value
        FROM json_each(CASE WHEN json_valid(CAST(NEW.data AS TEXT)) THEN CAST(NEW.data AS TEXT) END, '$.annotations') AS one
        WHERE one.type = 'text' AND instr(NEW.data, CAST('"annotations"' AS BLOB))
        UNION ALL
        SELECT NEW.digest, one.key, one.value
        FROM json_each(CASE WHEN json_valid(CAST(NEW.data AS TEXT)) THEN CAST(NEW.data AS TEXT) END, '$.manifests') AS entry,
            json_each(entry.value, '$.annotations') AS one
        WHERE entry.type = 'object' AND one.type = 'text' AND instr(NEW.data, CAST('"annotations"' AS BLOB))) AS a
    GROUP BY digest;
END
""",
    """
CREATE TRIGGER "texts_of_new_blob" AFTER INSERT ON "blobs"
WHEN length(NEW.data) <= 4194304 AND instr(NEW.data, CAST('"Labels"' AS BLOB)) BEGIN
    INSERT INTO label_texts (config, text)
    SELECT NEW.digest, group_concat(a.key || char(10) || a.value, char(10))
    FROM json_each(CASE WHEN json_valid(CAST(NEW.data AS TEXT)) THEN CAST(NEW.data AS TEXT) END, '$.config.Labels') AS a
    WHERE a.type = 'text' AND length(NEW.data) <= 4194304 AND instr(NEW.data, CAST('"Labels"' AS BLOB))
    GROUP BY NEW.digest;
END
""",
    """
CREATE TRIGGER "texts_of_healed_blob" AFTER UPDATE OF "data" ON "blobs" BEGIN
    DELETE FROM label_texts WHERE config = NEW.digest;
    INSERT INTO label_texts (config, text)
    SELECT NEW.digest, group_concat(a.key || char(10) || a.value, char(10))
    FROM json_each(CASE WHEN json_valid(CAST(NEW.data AS TEXT)) THEN CAST(NEW.data AS TEXT) END, '$.config.Labels') AS a
    WHERE a.type = 'text' AND length(NEW.data) <= 4194304 AND instr(NEW.data, CAST('"Labels"' AS BLOB))
    GROUP BY NEW.digest;
END
""",
    """
CREATE INDEX "idx_packages_statement_image"
    ON "packages" ("statement", "image")
""",
)
