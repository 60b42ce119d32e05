"""The SQL view of packages, and those it is made of.

A statement counts in the homes in which its manifest was seen: a tag there points to it, or to a
list that has it, or one of the two was read there by its digest. Anybody may state anything of any
digest in a repository of their own. Where a bundle, or a version before, brought it, its home is
not known: it counts wherever its subject is.
"""

from manyfest.domain.values import frozen
from manyfest.store.rows import IS_NEWEST


@frozen
class ViewDefinition:
    """A view: its name, subject, columns and SELECT statement.

    ``about`` and ``columns`` are shown to users; ``about`` is empty for an internal view, of which
    others are made.
    """

    name: str
    about: str
    columns: str
    statement: str


REFERENCE = "CASE WHEN tag = '' THEN home ELSE home || ':' || tag END AS reference"

PACKAGE_VIEWS = (
    ViewDefinition(
        "carriers",
        "",
        "statement, image, manifest",
        # The image that a bare SBOM is about: the subject of its manifest, or in its digest tag.
        """SELECT json_extract(e.value, '$.digest') AS statement,
            json_extract(d.document, '$.subject.digest') AS image, d.digest AS manifest
            FROM temp.documents AS d, json_each(d.document, '$.layers') AS e
            WHERE e.type = 'object' AND json_extract(d.document, '$.subject.digest') IS NOT NULL
            UNION
            SELECT json_extract(e.value, '$.digest'), 'sha256:' || substr(o.tag, 8, 64), d.digest
            FROM main.observations AS o JOIN temp.documents AS d ON d.digest = o.digest,
                json_each(d.document, '$.layers') AS e
            WHERE o.tag GLOB 'sha256-*.*' AND e.type = 'object'""",
    ),
    ViewDefinition(
        "placed",
        "",
        "image, platform, home, reference",
        # The cast gives the column an affinity, without which SQLite makes no index for a join.
        f"""SELECT CAST(p.digest AS TEXT) AS image, p.platform, o.home, {REFERENCE}
            FROM temp.platforms AS p JOIN main.observations AS o ON o.digest = p.list
            WHERE {IS_NEWEST}""",
    ),
    ViewDefinition(
        "stated",
        "",
        "statement, manifest, is_bare",
        # Packages of a statement are all of images that it names, or all of none.
        """SELECT d.digest AS statement, d.manifest,
                (SELECT image FROM main.packages WHERE statement = d.digest LIMIT 1) = '' AS is_bare
            FROM main.descriptors AS d
            WHERE d.role = 'layer'
                AND EXISTS (SELECT 1 FROM main.packages AS p WHERE p.statement = d.digest)""",
    ),
    ViewDefinition(
        "seen",
        "",
        "manifest, home",
        # The homes in which a tag points to a manifest, or from which it was read by its digest;
        # or a list of it.
        """SELECT o.digest AS manifest, o.home FROM main.observations AS o
            UNION ALL
            SELECT r.digest, r.home FROM main.digests AS r WHERE r.home != ''
            UNION ALL
            SELECT e.digest, o.home FROM main.descriptors AS e
            JOIN main.observations AS o ON o.digest = e.manifest WHERE e.role = 'entry'
            UNION ALL
            SELECT e.digest, r.home FROM main.descriptors AS e
            JOIN main.digests AS r ON r.digest = e.manifest
            WHERE e.role = 'entry' AND r.home != ''""",
    ),
    ViewDefinition(
        "subjects",
        "",
        "manifest, image",
        "SELECT manifest, digest AS image FROM main.descriptors WHERE role = 'subject'",
    ),
    ViewDefinition(
        "contained",
        "",
        "statement, image, name, version, type, licence, purl",
        "SELECT statement, image, name, version, type, licence, purl FROM main.packages",
    ),
    ViewDefinition(
        "packages",
        "packages of images whose SBOM is held (manyfest sbom brings it), where that was seen",
        "reference, platform, image, name, version, type, licence, purl, statement",
        """WITH places AS MATERIALIZED (SELECT * FROM temp.placed),
            carried AS MATERIALIZED (SELECT * FROM temp.stated),
            homes AS MATERIALIZED (SELECT DISTINCT c.manifest, s.home
                FROM carried AS c JOIN temp.seen AS s ON s.manifest = c.manifest),
            bare AS MATERIALIZED (SELECT c.statement, CAST(c.image AS TEXT) AS image, c.manifest
                FROM temp.carriers AS c
                WHERE c.statement IN (SELECT statement FROM carried WHERE is_bare)),
            adrift AS MATERIALIZED (SELECT c.statement, s.image
                FROM carried AS c JOIN temp.subjects AS s ON s.manifest = c.manifest
                WHERE c.manifest NOT IN (SELECT manifest FROM homes)),
            known AS MATERIALIZED (
                SELECT c.statement, '' AS about, homes.home
                FROM carried AS c JOIN homes ON homes.manifest = c.manifest
                UNION
                SELECT b.statement, b.image, homes.home
                FROM bare AS b JOIN homes ON homes.manifest = b.manifest)
            SELECT places.reference, places.platform, p.image, p.name, p.version, p.type,
                p.licence, p.purl, p.statement
            FROM (SELECT statement, image, '' AS about, name, version, type, licence, purl
                FROM temp.contained WHERE image != ''
                UNION ALL
                SELECT c.statement, b.image, b.image, name, version, type, licence, purl
                FROM temp.contained AS c JOIN (SELECT DISTINCT statement, image FROM bare) AS b
                    ON b.statement = c.statement
                WHERE c.image = '') AS p
            LEFT JOIN places ON places.image = p.image AND (
                (p.statement, p.about, places.home) IN (SELECT statement, about, home FROM known)
                OR (p.statement, p.image) IN (SELECT statement, image FROM adrift))""",
    ),
)
