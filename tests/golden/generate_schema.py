"""Makes ``store/sqlite/schema.py``: the schema that the migrations arrive at, as plain statements.

``python -m tests.golden.generate_schema`` writes it anew, after a migration was added.
"""

import sqlite3
from pathlib import Path

from manyfest.store.sqlite.migrations import migrate, version_of

FILE = Path(__file__).parents[2] / "store" / "sqlite" / "schema.py"
_HEAD = '''"""The newest schema as statements, which make a new store without sqlite-utils.

Written by ``python -m tests.golden.generate_schema`` from the migrations; not edited by hand.
"""
'''
_STATEMENTS = "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY rowid"


def schema_module() -> str:
    """Return the text of the module."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    migrate(connection)
    statements = (sql for (sql,) in connection.execute(_STATEMENTS))
    texts = "".join(f'    """\n{sql}\n""",\n' for sql in statements)
    return f"{_HEAD}\nVERSION = {version_of(connection)}\n\nSTATEMENTS = (\n{texts})\n"


if __name__ == "__main__":
    FILE.write_text(schema_module())
