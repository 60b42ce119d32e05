"""Observations as rows, and which row of a tag is what was seen last."""

from datetime import datetime
from pathlib import Path

from manyfest.domain.digests import Digest
from manyfest.domain.history.observation import Observation
from manyfest.domain.references import Reference
from manyfest.store.rows.decoding import damage_if_unreadable, home_of
from manyfest.store.sqlite.database import Row

OBSERVATION_COLUMNS = "home, tag, digest, last_seen, first_seen"

# Whether ``o``, of observations, is the newest of its tag. Named in full for views, which are TEMP.
IS_NEWEST = """
    o.id = (SELECT id FROM main.observations WHERE home = o.home AND tag = o.tag
        ORDER BY last_seen DESC, id DESC LIMIT 1)"""


def observation_of(row: Row, path: Path) -> Observation:
    """The observation in these columns of the store at ``path``. Raises DamagedStoreError."""
    home, tag, digest, last_seen, first_seen = row
    name = f"{home}:{tag}" if tag else home
    with damage_if_unreadable(path, f"what {name} was seen to be"):
        times = map(datetime.fromisoformat, (last_seen, first_seen))
        return Observation(Reference(home_of(home), tag or None), Digest.parse(digest), *times)
