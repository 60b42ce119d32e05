"""The schema in PostgreSQL, as numbered migrations.

Tables are in the schema ``manyfest``, the views in ``manyfest_views``. The comment on the schema is
the number of the last migration applied (``manyfest 3``), so that one statement reads it together
with the rest that opening needs. A released migration is never edited.

Columns have SQLite's names and types, so that both engines run the same statements. ``document`` is
a manifest as jsonb, made by the server from the bytes whenever these change; NULL where the bytes
do not match the digest or are no JSON. Texts compare by their bytes, as in SQLite.
"""

from manyfest.store.postgres.index_migrations import (
    INDEX_BY_STATEMENT,
    TEXTS,
    TEXTS_BY_STATEMENT,
)

_TABLES = r"""
-- SQLite's GLOB as a regular expression; NULL for a set that is never closed, which matches nothing
CREATE FUNCTION manyfest.glob_regex(pattern text) RETURNS text
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog AS $$
DECLARE
    regex text := '^';
    place integer := 1;
    set_end integer;
    letter text;
BEGIN
    WHILE place <= length(pattern) LOOP
        letter := substr(pattern, place, 1);
        IF letter = '[' THEN
            set_end := place + 1;
            IF substr(pattern, set_end, 1) = '^' THEN set_end := set_end + 1; END IF;
            set_end := strpos(substr(pattern, set_end + 1), ']') + set_end;
            IF substr(pattern, set_end, 1) <> ']' THEN RETURN NULL; END IF;
            regex := regex || replace(substr(pattern, place, set_end - place + 1), '\', '\\');
            place := set_end;
        ELSE
            regex := regex || CASE letter WHEN '*' THEN '.*' WHEN '?' THEN '.'
                ELSE regexp_replace(letter, '([^[:alnum:]])', '\\\1') END;
        END IF;
        place := place + 1;
    END LOOP;
    RETURN regex || '$';
END $$;

CREATE FUNCTION manyfest.glob(pattern text, value text) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$ SELECT value ~ manyfest.glob_regex(pattern) $$;

CREATE FUNCTION manyfest.document(digest text, data bytea) RETURNS jsonb
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog AS $$
DECLARE content text;
BEGIN
    IF encode(CASE split_part(digest, ':', 1) WHEN 'sha256' THEN sha256(data)
            WHEN 'sha384' THEN sha384(data) WHEN 'sha512' THEN sha512(data) END, 'hex')
        IS DISTINCT FROM split_part(digest, ':', 2) THEN RETURN NULL;
    END IF;
    content := convert_from(data, 'UTF8');
    RETURN content::jsonb;
EXCEPTION WHEN OTHERS THEN
    -- escapes that jsonb cannot hold: NUL, and halves of surrogate pairs
    BEGIN
        RETURN regexp_replace(content,
            '\\u(0000|[dD][89a-fA-F][0-9a-fA-F]{2})', '\\ufffd', 'g')::jsonb;
    EXCEPTION WHEN OTHERS THEN RETURN NULL;
    END;
END $$;

CREATE TABLE manyfest.manifests (
    rowid bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
    digest text COLLATE "C" PRIMARY KEY,
    media_type text NOT NULL,
    data bytea NOT NULL,
    document jsonb GENERATED ALWAYS AS (manyfest.document(digest, data)) STORED
);
CREATE INDEX manifests_subject ON manyfest.manifests ((document -> 'subject' ->> 'digest'))
    WHERE document -> 'subject' ->> 'digest' IS NOT NULL;
CREATE INDEX manifests_unreadable ON manyfest.manifests (digest) WHERE document IS NULL;
CREATE TABLE manyfest.blobs (
    rowid bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
    digest text COLLATE "C" PRIMARY KEY,
    data bytea NOT NULL,
    document jsonb GENERATED ALWAYS AS (
        CASE WHEN length(data) <= 1048576 THEN manyfest.document(digest, data) END) STORED
);
CREATE TABLE manyfest.observations (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    home text COLLATE "C" NOT NULL,
    tag text COLLATE "C" NOT NULL,
    digest text COLLATE "C" NOT NULL REFERENCES manyfest.manifests (digest),
    first_seen text COLLATE "C" NOT NULL,
    last_seen text COLLATE "C" NOT NULL,
    claimed integer NOT NULL DEFAULT 0
);
CREATE INDEX observations_newest ON manyfest.observations (home, tag, last_seen DESC, id DESC);
CREATE INDEX observations_digest ON manyfest.observations (digest);
CREATE TABLE manyfest.drafts (
    rowid bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
    name text COLLATE "C" PRIMARY KEY,
    created_at text NOT NULL,
    changed_at text NOT NULL,
    pushed text,
    keeps_order integer NOT NULL DEFAULT 0,
    list_type text NOT NULL DEFAULT 'auto',
    index_found text NOT NULL DEFAULT '{}',
    index_said text NOT NULL DEFAULT '{}'
);
CREATE TABLE manyfest.entries (
    rowid bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
    draft text COLLATE "C" NOT NULL REFERENCES manyfest.drafts (name),
    position integer NOT NULL,
    source text NOT NULL,
    list_digest text,
    found text NOT NULL,
    overrides text NOT NULL,
    PRIMARY KEY (draft, position)
);
CREATE TABLE manyfest.quarantine (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind text NOT NULL,
    name text NOT NULL,
    reason text NOT NULL,
    set_aside_at text COLLATE "C" NOT NULL,
    data bytea NOT NULL
);
CREATE TABLE manyfest.hosts (
    host text COLLATE "C" NOT NULL,
    insecure boolean NOT NULL,
    scheme text NOT NULL,
    realm text NOT NULL,
    service text NOT NULL,
    learnt_at text COLLATE "C" NOT NULL,
    chunk_size bigint NOT NULL DEFAULT 0,
    takes_tags boolean,
    lacks_referrers boolean NOT NULL DEFAULT false,
    PRIMARY KEY (host, insecure)
);
CREATE TABLE manyfest.digests (
    digest text COLLATE "C" PRIMARY KEY,
    last_seen text COLLATE "C" NOT NULL
);
CREATE TABLE manyfest.packages (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    statement text COLLATE "C" NOT NULL REFERENCES manyfest.blobs (digest) ON DELETE CASCADE,
    image text COLLATE "C" NOT NULL,
    name text NOT NULL,
    version text NOT NULL,
    type text NOT NULL,
    licence text NOT NULL,
    purl text NOT NULL
);
CREATE INDEX packages_statement ON manyfest.packages (statement);
CREATE INDEX packages_name_version ON manyfest.packages (name, version);
CREATE TABLE manyfest.claims (
    home text COLLATE "C" NOT NULL,
    tag text COLLATE "C" NOT NULL,
    source text COLLATE "C" NOT NULL,
    digest text COLLATE "C" NOT NULL,
    first_seen text COLLATE "C" NOT NULL,
    last_seen text COLLATE "C" NOT NULL,
    PRIMARY KEY (home, tag, source, digest, first_seen)
);

-- the index of descriptors, as sqlite/descriptors.py has it
CREATE TABLE manyfest.descriptors (
    manifest text COLLATE "C" NOT NULL REFERENCES manyfest.manifests (digest) ON DELETE CASCADE,
    role text COLLATE "C" NOT NULL,
    position integer NOT NULL,
    digest text COLLATE "C" NOT NULL,
    PRIMARY KEY (manifest, role, position)
);
CREATE INDEX descriptors_digest_role ON manyfest.descriptors (digest, role);

CREATE FUNCTION manyfest.descriptors_of(document jsonb)
RETURNS TABLE (role text, "position" integer, digest text)
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog AS $$
    SELECT member.role, named.number::integer - 1, named.value ->> 'digest'
    FROM (VALUES ('entry', document -> 'manifests'), ('layer', document -> 'layers'),
            ('config', jsonb_build_array(document -> 'config')),
            ('subject', jsonb_build_array(document -> 'subject'))) AS member(role, value),
        jsonb_array_elements(CASE jsonb_typeof(member.value) WHEN 'array' THEN member.value END)
        WITH ORDINALITY AS named(value, number)
    WHERE jsonb_typeof(document) = 'object' AND jsonb_typeof(named.value -> 'digest') = 'string'
        AND (length(named.value ->> 'digest') = 71 AND named.value ->> 'digest' LIKE 'sha256:%'
            OR length(named.value ->> 'digest') = 135 AND named.value ->> 'digest' LIKE 'sha512:%')
$$;

CREATE FUNCTION manyfest.index_descriptors() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        DELETE FROM manyfest.descriptors AS d WHERE d.manifest = NEW.digest;
    END IF;
    INSERT INTO manyfest.descriptors (manifest, role, position, digest)
        SELECT NEW.digest, d.role, d.position, d.digest
        FROM manyfest.descriptors_of(NEW.document) AS d;
    RETURN NULL;
END $$;
CREATE TRIGGER descriptors_of_manifest AFTER INSERT OR UPDATE OF data ON manyfest.manifests
    FOR EACH ROW EXECUTE FUNCTION manyfest.index_descriptors();
"""

# The last migration makes views again; this one is for ``packages``, which tells homes apart.
_PACKAGES_BY_HOME = "SELECT 1"

# From which home a digest was read; empty if that is not known.
_HOMES_OF_DIGEST_READS = """
ALTER TABLE manyfest.digests ADD COLUMN home text COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE manyfest.digests DROP CONSTRAINT digests_pkey, ADD PRIMARY KEY (digest, home);
"""

MIGRATIONS = (
    _TABLES,
    _PACKAGES_BY_HOME,
    _HOMES_OF_DIGEST_READS,
    TEXTS,
    INDEX_BY_STATEMENT,
    TEXTS_BY_STATEMENT,
)
