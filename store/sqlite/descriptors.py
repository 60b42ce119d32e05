"""The index of descriptors: which stored manifest names which digest, and in which role.

The rows of a manifest come from its bytes alone, by one SELECT. A trigger writes them with the
bytes, so that keeping a manifest takes no further statement and cannot forget them; a foreign key
removes them with it. The migration and the repair of a store write them again by the same SELECT.

The bytes may be hostile. A member that is no object with a digest that can be verified has no row,
and a document that is no JSON has none.
"""

_MEMBERS = """(
        member.key IN ('manifests', 'layers') AND member.type = 'array'
        OR member.key IN ('config', 'subject') AND member.type = 'object')"""
_ROLE = """CASE member.key WHEN 'manifests' THEN 'entry' WHEN 'layers' THEN 'layer'
        ELSE member.key END"""
_VALUES = """json_each(CASE member.type WHEN 'array' THEN member.value
        ELSE json_array(json(member.value)) END) AS named"""
_DIGEST = "json_extract(named.value, '$.digest')"
# Digests are found by being equal to a given one, so that only their size has to be bounded.
_IS_VERIFIABLE = f"""(length({_DIGEST}) = 71 AND {_DIGEST} GLOB 'sha256:*'
            OR length({_DIGEST}) = 135 AND {_DIGEST} GLOB 'sha512:*')"""


def select_descriptors(row: str, tables: str = "") -> str:
    """Return SQL for the descriptors in ``row``, a manifest; of all, if its table is given.

    The columns are manifest, role, position, digest.
    """
    text = f"CAST({row}.data AS TEXT)"
    return f"""SELECT {row}.digest AS manifest, {_ROLE} AS role, named.key AS position,
        {_DIGEST} AS digest
    FROM {tables}json_each(CASE WHEN json_valid({text}) THEN {text} END) AS member,
        {_VALUES}
    WHERE {_MEMBERS}
        AND named.type = 'object' AND json_type(named.value, '$.digest') = 'text'
        AND {_IS_VERIFIABLE}"""


def _filled_from(row: str, tables: str = "") -> str:
    # A member that occurs twice counts once. OR IGNORE would not do: in a trigger, the policy of
    # the statement that fires it counts.
    return f"""INSERT INTO descriptors (manifest, role, position, digest)
    {select_descriptors(row, tables)}
    ORDER BY 1, 2, 3
    ON CONFLICT DO NOTHING"""


FILL = _filled_from("m", "manifests AS m, ")
CREATE = (
    """CREATE TABLE "descriptors" (
   "manifest" TEXT NOT NULL REFERENCES "manifests"("digest") ON DELETE CASCADE,
   "role" TEXT NOT NULL,
   "position" INTEGER NOT NULL,
   "digest" TEXT NOT NULL,
   PRIMARY KEY ("manifest", "role", "position")
) WITHOUT ROWID""",
    FILL,
    """CREATE INDEX "idx_descriptors_digest_role"
    ON "descriptors" ("digest", "role")""",
    f"""CREATE TRIGGER "descriptors_of_new" AFTER INSERT ON "manifests" BEGIN
    {_filled_from("NEW")};
END""",
    f"""CREATE TRIGGER "descriptors_of_healed" AFTER UPDATE OF "data" ON "manifests" BEGIN
    DELETE FROM descriptors WHERE manifest = NEW.digest;
    {_filled_from("NEW")};
END""",
)
REBUILD = ("DELETE FROM descriptors", FILL)
DELETE_ORPHANS = """
    DELETE FROM descriptors WHERE manifest NOT IN (SELECT digest FROM manifests)"""
_TEXT = "group_concat(role || position || digest) FROM"
# Manifests whose rows are not those of their bytes; a damaged digest need not be UTF-8.
SELECT_DIFFERENT = f"""
    SELECT CAST(m.digest AS BLOB), m.data FROM manifests AS m
    WHERE (SELECT {_TEXT} (SELECT * FROM descriptors WHERE manifest = m.digest
            ORDER BY role, position))
        IS NOT (SELECT {_TEXT} ({select_descriptors("m")} ORDER BY role, position))"""
