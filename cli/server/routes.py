"""The resource that a request asks for, by path and query (distribution-spec, "Endpoints")."""

import re
from urllib.parse import parse_qsl, unquote

from manyfest.domain.references import is_path, is_tag
from manyfest.domain.values import frozen

_TARGET_LIMIT = 8192  # characters
_QUERY_LIMIT = 20  # parameters

_OF_REPOSITORY = re.compile(r"/v2/(.+)/(manifests|blobs|referrers|tags)/([^/]+)", re.ASCII)
_FORMS = {"/v2": "base", "/v2/": "base", "/v2/_catalog": "catalog"}


@frozen
class Query:
    """The parameters of a query, each as often as it is given."""

    values: tuple[tuple[str, str], ...] = ()

    def get(self, name: str) -> str:
        """Return a parameter's last value, empty without one."""
        return dict(self.values).get(name, "")

    def all(self, name: str) -> frozenset[str]:
        """Return the values of a parameter that are not empty."""
        return frozenset(value for key, value in self.values if key == name and value)


@frozen
class Route:
    """A resource: its ``kind``, and the repository's ``name`` and ``item`` where it has them.

    ``kind`` is base, catalog, manifests, blobs, referrers or tags.
    """

    kind: str
    name: str = ""
    item: str = ""
    query: Query = Query()


class BadRouteError(Exception):
    """The target asks for nothing that a registry has; ``code`` is the error code."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


def parse_target(target: str) -> Route:
    """Parse the target of a request. Raises BadRouteError."""
    if len(target) > _TARGET_LIMIT:
        raise BadRouteError(414, "UNSUPPORTED", "the target is too long")
    path, _, text = target.partition("?")
    query = _parsed_query(text)
    path = unquote(path)
    if path in _FORMS:
        return Route(_FORMS[path], query=query)
    found = _OF_REPOSITORY.fullmatch(path)
    if found is None:
        raise BadRouteError(404, "UNSUPPORTED", "a registry has nothing under this path")
    name, kind, item = found.groups()
    if kind == "tags" and item != "list":
        raise BadRouteError(404, "UNSUPPORTED", "a registry has nothing under this path")
    if kind == "manifests" and ":" not in item and not is_tag(item):
        raise BadRouteError(400, "MANIFEST_INVALID", "invalid tag")
    if not is_path(name):
        raise BadRouteError(400, "NAME_INVALID", "invalid repository name")
    return Route(kind, name, item, query)


def _parsed_query(text: str) -> Query:
    try:
        return Query(tuple(parse_qsl(text, keep_blank_values=True, max_num_fields=_QUERY_LIMIT)))
    except ValueError:
        raise BadRouteError(400, "UNSUPPORTED", "the query has too many parameters") from None
