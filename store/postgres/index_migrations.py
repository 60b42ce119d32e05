"""Migrations of what triggers write: the texts, and both indexes by statement.

Those of inserts run once for a statement, not for each row. The functions that they call have no
settings of their own: so the server takes them apart into the statement. Both save most of the
server's time. An UPDATE of named columns can have a trigger for each row alone.
"""

# Annotations and labels as texts, as sqlite/texts.py has them.
TEXTS = r"""
CREATE FUNCTION manyfest.text_of(variadic members jsonb[]) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog AS $$
    SELECT string_agg(a.key || E'\n' || (a.value #>> '{}'), E'\n')
    FROM unnest(members) AS m(value), jsonb_each(
        CASE jsonb_typeof(m.value) WHEN 'object' THEN m.value END) AS a
    WHERE jsonb_typeof(a.value) = 'string'
$$;
CREATE FUNCTION manyfest.annotation_text(document jsonb) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog AS $$
    SELECT manyfest.text_of(variadic array_agg(named.value)) FROM (
        SELECT document -> 'annotations'
        UNION ALL SELECT e.value -> 'annotations' FROM jsonb_array_elements(
            CASE jsonb_typeof(document -> 'manifests') WHEN 'array'
                THEN document -> 'manifests' END) AS e) AS named(value)
$$;
CREATE FUNCTION manyfest.label_text(digest text, data bytea, document jsonb) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog AS $$
    SELECT manyfest.text_of(coalesce(document, CASE WHEN length(data) BETWEEN 1048577 AND 4194304
        THEN manyfest.document(digest, data) END) -> 'config' -> 'Labels')
$$;
CREATE TABLE manyfest.annotation_texts (
    manifest text COLLATE "C" PRIMARY KEY
        REFERENCES manyfest.manifests (digest) ON DELETE CASCADE,
    text text NOT NULL
);
CREATE TABLE manyfest.label_texts (
    config text COLLATE "C" PRIMARY KEY REFERENCES manyfest.blobs (digest) ON DELETE CASCADE,
    text text NOT NULL
);
CREATE FUNCTION manyfest.index_texts() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog AS $$
DECLARE found text;
BEGIN
    IF TG_TABLE_NAME = 'manifests' THEN
        found := manyfest.annotation_text(NEW.document);
        DELETE FROM manyfest.annotation_texts WHERE manifest = NEW.digest AND TG_OP = 'UPDATE';
        INSERT INTO manyfest.annotation_texts SELECT NEW.digest, found WHERE found IS NOT NULL;
    ELSE
        found := manyfest.label_text(NEW.digest, NEW.data, NEW.document);
        DELETE FROM manyfest.label_texts WHERE config = NEW.digest AND TG_OP = 'UPDATE';
        INSERT INTO manyfest.label_texts SELECT NEW.digest, found WHERE found IS NOT NULL;
    END IF;
    RETURN NULL;
END $$;
INSERT INTO manyfest.annotation_texts SELECT * FROM (
    SELECT digest, manyfest.annotation_text(document) AS text FROM manyfest.manifests) AS t
    WHERE text IS NOT NULL;
INSERT INTO manyfest.label_texts SELECT * FROM (
    SELECT digest, manyfest.label_text(digest, data, document) AS text FROM manyfest.blobs) AS t
    WHERE text IS NOT NULL;
CREATE TRIGGER texts_of_manifest AFTER INSERT OR UPDATE OF data ON manyfest.manifests
    FOR EACH ROW EXECUTE FUNCTION manyfest.index_texts();
CREATE TRIGGER texts_of_blob AFTER INSERT OR UPDATE OF data ON manyfest.blobs
    FOR EACH ROW EXECUTE FUNCTION manyfest.index_texts();
DROP INDEX manyfest.packages_statement;
CREATE INDEX packages_statement ON manyfest.packages (statement, image);
"""

INDEX_BY_STATEMENT = """
ALTER FUNCTION manyfest.descriptors_of(jsonb) RESET search_path;

CREATE FUNCTION manyfest.index_new_descriptors() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
    INSERT INTO manyfest.descriptors (manifest, role, position, digest)
        SELECT added.digest, d.role, d.position, d.digest
        FROM added, manyfest.descriptors_of(added.document) AS d;
    RETURN NULL;
END $$;
DROP TRIGGER descriptors_of_manifest ON manyfest.manifests;
CREATE TRIGGER descriptors_of_new AFTER INSERT ON manyfest.manifests
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT
    EXECUTE FUNCTION manyfest.index_new_descriptors();
CREATE TRIGGER descriptors_of_healed AFTER UPDATE OF data ON manyfest.manifests
    FOR EACH ROW EXECUTE FUNCTION manyfest.index_descriptors();
"""

# Sets of lines, because the server takes no function apart that aggregates.
TEXTS_BY_STATEMENT = r"""
CREATE FUNCTION manyfest.annotation_lines(document jsonb) RETURNS TABLE (line text)
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT a.key || E'\n' || (a.value #>> '{}')
    FROM (SELECT document -> 'annotations'
            UNION ALL SELECT e.value -> 'annotations' FROM jsonb_array_elements(
                CASE jsonb_typeof(document -> 'manifests') WHEN 'array'
                    THEN document -> 'manifests' END) AS e) AS named(value),
        jsonb_each(CASE jsonb_typeof(named.value) WHEN 'object' THEN named.value END) AS a
    WHERE jsonb_typeof(a.value) = 'string'
$$;
CREATE FUNCTION manyfest.label_lines(digest text, data bytea, document jsonb)
RETURNS TABLE (line text)
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT a.key || E'\n' || (a.value #>> '{}')
    FROM (SELECT coalesce(document, CASE WHEN length(data) BETWEEN 1048577 AND 4194304
            THEN manyfest.document(digest, data) END) -> 'config' -> 'Labels') AS named(value),
        jsonb_each(CASE jsonb_typeof(named.value) WHEN 'object' THEN named.value END) AS a
    WHERE jsonb_typeof(a.value) = 'string'
$$;

CREATE FUNCTION manyfest.index_new_texts() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
    IF TG_TABLE_NAME = 'manifests' THEN
        INSERT INTO manyfest.annotation_texts (manifest, text)
            SELECT added.digest, t.text FROM added, LATERAL (
                SELECT string_agg(l.line, E'\n') FROM manyfest.annotation_lines(added.document) AS l
                HAVING count(*) > 0) AS t(text);
    ELSE
        INSERT INTO manyfest.label_texts (config, text)
            SELECT added.digest, t.text FROM added, LATERAL (
                SELECT string_agg(l.line, E'\n')
                FROM manyfest.label_lines(added.digest, added.data, added.document) AS l
                HAVING count(*) > 0) AS t(text);
    END IF;
    RETURN NULL;
END $$;
DROP TRIGGER texts_of_manifest ON manyfest.manifests;
DROP TRIGGER texts_of_blob ON manyfest.blobs;
CREATE OR REPLACE FUNCTION manyfest.index_texts() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
    IF TG_TABLE_NAME = 'manifests' THEN
        DELETE FROM manyfest.annotation_texts WHERE manifest = NEW.digest;
        INSERT INTO manyfest.annotation_texts (manifest, text)
            SELECT NEW.digest, string_agg(l.line, E'\n')
            FROM manyfest.annotation_lines(NEW.document) AS l HAVING count(*) > 0;
    ELSE
        DELETE FROM manyfest.label_texts WHERE config = NEW.digest;
        INSERT INTO manyfest.label_texts (config, text)
            SELECT NEW.digest, string_agg(l.line, E'\n')
            FROM manyfest.label_lines(NEW.digest, NEW.data, NEW.document) AS l HAVING count(*) > 0;
    END IF;
    RETURN NULL;
END $$;
DROP FUNCTION manyfest.annotation_text, manyfest.label_text, manyfest.text_of;
CREATE TRIGGER texts_of_new_manifest AFTER INSERT ON manyfest.manifests
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION manyfest.index_new_texts();
CREATE TRIGGER texts_of_new_blob AFTER INSERT ON manyfest.blobs
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION manyfest.index_new_texts();
CREATE TRIGGER texts_of_healed_manifest AFTER UPDATE OF data ON manyfest.manifests
    FOR EACH ROW EXECUTE FUNCTION manyfest.index_texts();
CREATE TRIGGER texts_of_healed_blob AFTER UPDATE OF data ON manyfest.blobs
    FOR EACH ROW EXECUTE FUNCTION manyfest.index_texts();
"""
