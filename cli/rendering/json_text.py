"""Large JSON documents as text."""

from itertools import islice
from json import JSONEncoder

from manyfest.domain.encoding.strict_json import Json

_ENCODER = JSONEncoder(indent=2, ensure_ascii=False)
_WORDS_AT_A_TIME = 5000


def json_text(document: Json) -> str:
    """Return ``document`` as indented JSON, for one that may have a line for each entry of a list.

    ``json.dumps`` returns the same, and has a list of all its words meanwhile, which takes eight
    times the memory of the text.
    """
    words = _ENCODER.iterencode(document)
    return "".join(iter(lambda: "".join(islice(words, _WORDS_AT_A_TIME)), ""))
