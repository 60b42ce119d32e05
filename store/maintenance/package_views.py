"""The SQL view of packages.

A statement counts in the homes in which its manifest was seen: a tag there points to it, or to a
list that has it, or one of the two was read there by its digest. Anybody may state anything of any
digest in a repository of their own. Where a bundle, or a version before, brought it, its home is
not known: it counts wherever its subject is.

Statements are few, and manifests many: all that the view reads besides packages is found from the
statements, by indexes.
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

PACKAGES = ViewDefinition(
    "packages",
    "packages of images whose SBOM is held (manyfest sbom brings it), where that was seen",
    "reference, platform, image, name, version, type, licence, purl, statement",
    # Packages of a statement are all of images that it names, or all of none: then it is bare, and
    # about the subject of its manifest, or the image in its digest tag. CROSS JOIN fixes the order
    # in which SQLite joins.
    f"""WITH told AS MATERIALIZED (SELECT DISTINCT statement, image FROM main.packages),
        carried AS MATERIALIZED (
            SELECT t.statement, d.manifest, t.is_bare
            FROM (SELECT DISTINCT statement, image = '' AS is_bare FROM told) AS t
            CROSS JOIN main.descriptors AS d
            WHERE d.digest = t.statement AND d.role = 'layer'),
        holders AS MATERIALIZED (
            SELECT manifest, manifest AS holder FROM carried
            UNION SELECT c.manifest, e.manifest FROM carried AS c CROSS JOIN main.descriptors AS e
            WHERE e.digest = c.manifest AND e.role = 'entry'),
        homes AS MATERIALIZED (
            SELECT h.manifest, o.home FROM holders AS h CROSS JOIN main.observations AS o
            WHERE o.digest = h.holder
            UNION SELECT h.manifest, r.home FROM holders AS h CROSS JOIN main.digests AS r
            WHERE r.digest = h.holder AND r.home != ''),
        subjects AS MATERIALIZED (
            SELECT c.statement, c.manifest, s.digest AS image, c.is_bare
            FROM carried AS c CROSS JOIN main.descriptors AS s
            WHERE s.manifest = c.manifest AND s.role = 'subject'),
        bare AS MATERIALIZED (
            SELECT statement, image, manifest FROM subjects WHERE is_bare
            UNION SELECT c.statement, 'sha256:' || substr(o.tag, 8, 64), c.manifest
            FROM carried AS c CROSS JOIN main.observations AS o
            WHERE c.is_bare AND o.digest = c.manifest
                AND substr(o.tag, 1, 7) = 'sha256-' AND instr(o.tag, '.') > 0),
        adrift AS MATERIALIZED (
            SELECT statement, image FROM subjects
            WHERE manifest NOT IN (SELECT manifest FROM homes)),
        known AS MATERIALIZED (
            SELECT c.statement, '' AS about, homes.home
            FROM carried AS c JOIN homes ON homes.manifest = c.manifest
            UNION
            SELECT b.statement, b.image, homes.home
            FROM bare AS b JOIN homes ON homes.manifest = b.manifest),
        images AS MATERIALIZED (
            SELECT image FROM told WHERE image != '' UNION SELECT image FROM bare),
        places AS MATERIALIZED (
            SELECT i.image, o.home, {REFERENCE}, (SELECT l.platform FROM temp.listed AS l
                    WHERE l.list = e.manifest AND l.position = e.position) AS platform
            FROM images AS i CROSS JOIN main.descriptors AS e CROSS JOIN main.observations AS o
            WHERE e.digest = i.image AND e.role = 'entry' AND o.digest = e.manifest AND {IS_NEWEST}
            UNION
            SELECT i.image, o.home, {REFERENCE},
                (SELECT a.platform FROM temp.alone AS a WHERE a.list = i.image)
            FROM images AS i CROSS JOIN main.observations AS o
            WHERE o.digest = i.image AND {IS_NEWEST})
        SELECT places.reference, places.platform, p.image, p.name, p.version, p.type,
            p.licence, p.purl, p.statement
        FROM (SELECT statement, image, '' AS about, name, version, type, licence, purl
            FROM main.packages WHERE image != ''
            UNION ALL
            SELECT c.statement, b.image, b.image, name, version, type, licence, purl
            FROM main.packages AS c JOIN (SELECT DISTINCT statement, image FROM bare) AS b
                ON b.statement = c.statement
            WHERE c.image = '') AS p
        LEFT JOIN places ON places.image = p.image AND (
            (p.statement, p.about, places.home) IN (SELECT statement, about, home FROM known)
            OR (p.statement, p.image) IN (SELECT statement, image FROM adrift))""",
)
