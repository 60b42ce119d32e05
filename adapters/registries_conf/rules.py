"""The rules of ``registries.conf``, and the route of a repository. Pure.

They are podman's (containers/image, pkg/sysregistriesv2), with two exceptions: hosts match without
regard to case, and a host without a port does not match that host at another port.
"""

from collections.abc import Iterable

from attrs import frozen

from manyfest.adapters.endpoint import split_host
from manyfest.adapters.mirrors import Mirror, Route
from manyfest.domain.errors import BlockedError, InvalidReferenceError
from manyfest.domain.references import Reference, Repository

_ANY_HOST = "*."


@frozen
class MirrorRule:
    """``[[registry.mirror]]``."""

    location: str
    insecure: bool = False
    by_tag: bool = True
    by_digest: bool = True


@frozen
class Rule:
    """``[[registry]]`` in the file ``source``; the longest ``prefix`` of a name decides.

    ``*.example.com`` is a prefix of all hosts below it. Only then may ``location`` be empty, which
    means that names are not rewritten.
    """

    prefix: str
    location: str
    source: str
    insecure: bool = False
    blocked: bool = False
    mirrors: tuple[MirrorRule, ...] = ()

    def rewritten(self, repository: Repository, location: str) -> Repository:
        """Return the repository with ``location`` in place of the prefix."""
        return repository_at(f"{location}{_rest(self.prefix, str(repository))}")


@frozen
class RegistryRules:
    """The rules, no two with the same prefix; false when there are none."""

    rules: tuple[Rule, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.rules)

    @property
    def hosts(self) -> frozenset[str]:
        """The hosts of all locations, mirrors' too, in lower case and without ports."""
        locations = {rule.location for rule in self.rules}
        locations |= {mirror.location for rule in self.rules for mirror in rule.mirrors}
        return frozenset(
            split_host(location.partition("/")[0].lower())[0] for location in locations
        ) - {""}

    def route(self, repository: Repository) -> Route:
        """Return a repository's origin and its mirrors, without those that are blocked.

        Raises BlockedError, naming prefix and file: the repository or its origin is blocked.
        """
        rule = self._rule_for(repository)
        if rule is None:
            return Route(repository)
        origin = rule.rewritten(repository, rule.location) if rule.location else repository
        for place in (repository, origin):
            self._require_unblocked(place, repository)
        mirrors = (
            Mirror(rule.rewritten(repository, mirror.location), mirror.by_tag, mirror.by_digest)
            for mirror in rule.mirrors
        )
        return Route(
            origin, tuple(mirror for mirror in mirrors if not self._blocking_rule(mirror.home))
        )

    def may_mirror(self, reference: Reference) -> bool:
        """Whether a mirror may answer for ``reference``. Raises BlockedError."""
        home = reference.home
        mirrors = self.route(home).mirrors if isinstance(home, Repository) else ()
        return any(mirror.may_serve(reference) for mirror in mirrors)

    def is_insecure(self, repository: Repository) -> bool:
        """Whether insecurity is allowed for ``repository`` as an origin."""
        places = ((rule.location or rule.prefix, rule.insecure) for rule in self.rules)
        return _most_specific(repository, places)

    def is_insecure_mirror(self, repository: Repository) -> bool:
        """Whether insecurity is allowed for ``repository`` as a mirror."""
        mirrors = (mirror for rule in self.rules for mirror in rule.mirrors)
        return _most_specific(
            repository, ((mirror.location, mirror.insecure) for mirror in mirrors)
        )

    def _rule_for(self, repository: Repository) -> Rule | None:
        matching = [rule for rule in self.rules if _has_prefix(str(repository), rule.prefix)]
        return max(matching, key=lambda rule: len(rule.prefix), default=None)

    def _blocking_rule(self, repository: Repository) -> Rule | None:
        rule = self._rule_for(repository)
        return rule if rule and rule.blocked else None

    def _require_unblocked(self, place: Repository, named: Repository) -> None:
        if block := self._blocking_rule(place):
            reason = f"{block.prefix} is blocked by {block.source}"
            raise BlockedError(place.registry, f"{named}: {reason}")


def repository_at(name: str) -> Repository:
    """Parse the full name of a repository. Raises InvalidReferenceError."""
    home = Reference.parse(name).home
    if not isinstance(home, Repository):
        raise InvalidReferenceError(name, "a layout is no repository")
    return home


def _most_specific(repository: Repository, places: Iterable[tuple[str, bool]]) -> bool:
    """Return the flag of the longest matching place.

    Where several of that length disagree, it is the safe one.
    """
    name = str(repository)
    matching = [(len(place), insecure) for place, insecure in places if _has_prefix(name, place)]
    longest = max((length for length, _ in matching), default=0)
    return bool(matching) and all(insecure for length, insecure in matching if length == longest)


def _has_prefix(name: str, prefix: str) -> bool:
    return _rest(prefix, name) is not None


def _rest(prefix: str, name: str) -> str | None:
    """Return the rest of ``name`` after the prefix, None if it has another one.

    A wildcard covers the port.
    """
    if prefix.startswith(_ANY_HOST):
        host, slash, path = name.partition("/")
        below = prefix.removeprefix("*").lower()
        names = (host.lower(), host.lower().partition(":")[0])
        return slash + path if any(one.endswith(below) for one in names) else None
    rest = name[len(prefix) :]
    is_prefix = name.lower().startswith(prefix.lower()) and rest[:1] in ("", "/")
    return rest if is_prefix else None
