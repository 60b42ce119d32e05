"""The rules of ``registries.conf``, and the route of a repository. Pure.

They are podman's (containers/image, pkg/sysregistriesv2), with two exceptions: hosts match without
regard to case, and a host without a port does not match that host at another port.
"""

import re
from collections.abc import Iterable

from attr import evolve

from manyfest.adapters.endpoint import split_host
from manyfest.adapters.mirrors import Mirror, Named, Route
from manyfest.domain.errors import BlockedError, ConfigError, InvalidReferenceError
from manyfest.domain.references import Reference, Repository
from manyfest.domain.values import frozen

_ANY_HOST = "*."

# A name in a local network, which Reference.parse takes for a namespace of Docker Hub.
_HOST_WITHOUT_DOT = re.compile(r"[a-z0-9-]+")


@frozen
class MirrorRule:
    """``[[registry.mirror]]``; ``tag`` is that of its location."""

    location: str
    insecure: bool = False
    by_tag: bool = True
    by_digest: bool = True
    tag: str = ""


@frozen
class Rule:
    """``[[registry]]`` in the file ``source``; the longest ``prefix`` of a name decides.

    ``*.example.com`` is a prefix of all hosts below it. Only then may ``location`` be empty, which
    means that names are not rewritten. A prefix may have a tag or a digest; ``tag`` is that of the
    location.
    """

    prefix: str
    location: str
    source: str
    insecure: bool = False
    blocked: bool = False
    mirrors: tuple[MirrorRule, ...] = ()
    tag: str = ""

    @property
    def is_pinned(self) -> bool:
        """Whether the rule is for one tag or digest alone."""
        return _without_pin(self.prefix) != self.prefix

    def rewritten(self, named: Named, location: str) -> Repository:
        """Return the repository with ``location`` in place of the prefix.

        A registry as a whole, a repository without a path, becomes the whole of ``location``.
        Raises ConfigError, naming the file: that is no repository.
        """
        home = _home(named)
        if not home.path:
            host, _, path = location.partition("/")
            return Repository(host, path)
        name = f"{location}{_rest(_without_pin(self.prefix), str(home))}"
        try:
            return repository_at(name)
        except InvalidReferenceError as error:
            reason = f"location {location} makes {name} of {home}, which is not a repository"
            raise ConfigError(f"{self.source}: prefix {self.prefix}", reason) from error


@frozen
class RegistryRules:
    """The rules, no two with the same prefix; false when there are none.

    Insecurity belongs to connections, and so to repositories: a rule for one tag or digest does
    not allow it, as with podman.
    """

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

    def route(self, named: Named) -> Route:
        """Return the origin of a name and its mirrors, without those that are blocked.

        Raises BlockedError, naming prefix and file: the name or its origin is blocked.
        """
        home, rule = _home(named), self._rule_for(named)
        if rule is None:
            return Route(home)
        route = Route(rule.rewritten(named, rule.location) if rule.location else home, tag=rule.tag)
        origin = route.at_origin(named) if isinstance(named, Reference) else route.origin
        for place in (named, origin):
            self._require_unblocked(place, named)
        mirrors = (
            Mirror(
                rule.rewritten(named, mirror.location), mirror.by_tag, mirror.by_digest, mirror.tag
            )
            for mirror in rule.mirrors
        )
        unblocked = (mirror for mirror in mirrors if not self._is_blocked(mirror, named))
        return evolve(route, mirrors=tuple(unblocked))

    def may_mirror(self, reference: Reference) -> bool:
        """Whether a mirror may answer for ``reference``. Raises BlockedError."""
        mirrors = self.route(reference).mirrors if isinstance(reference.home, Repository) else ()
        return any(mirror.may_serve(reference) for mirror in mirrors)

    def is_insecure(self, repository: Repository) -> bool:
        """Whether insecurity is allowed for ``repository`` as an origin."""
        whole = [rule for rule in self.rules if not rule.is_pinned]
        places = ((rule.location or rule.prefix, rule.insecure) for rule in whole)
        return _most_specific(repository, places)

    def is_insecure_mirror(self, repository: Repository) -> bool:
        """Whether insecurity is allowed for ``repository`` as a mirror."""
        whole = [rule for rule in self.rules if not rule.is_pinned]
        mirrors = (mirror for rule in whole for mirror in rule.mirrors)
        return _most_specific(
            repository, ((mirror.location, mirror.insecure) for mirror in mirrors)
        )

    def _rule_for(self, named: Named) -> Rule | None:
        matching = [rule for rule in self.rules if _has_prefix(str(named), rule.prefix)]
        return max(matching, key=lambda rule: len(rule.prefix), default=None)

    def _blocking_rule(self, named: Named) -> Rule | None:
        rule = self._rule_for(named)
        return rule if rule and rule.blocked else None

    def _is_blocked(self, mirror: Mirror, named: Named) -> bool:
        place = mirror.holding(named) if isinstance(named, Reference) else mirror.home
        return self._blocking_rule(place) is not None

    def _require_unblocked(self, place: Named, named: Named) -> None:
        if block := self._blocking_rule(place):
            reason = f"{block.prefix} is blocked by {block.source}"
            raise BlockedError(_home(place).registry, f"{_home(named)}: {reason}")


def repository_at(name: str) -> Repository:
    """Parse the full name of a repository, which begins with a host, as of ``registries.conf``.

    Raises InvalidReferenceError.
    """
    host, slash, path = name.partition("/")
    if not path:
        raise InvalidReferenceError(name, "a host without a repository")
    if _HOST_WITHOUT_DOT.fullmatch(host) and host != "localhost":
        return evolve(repository_at(f"{host}.example{slash}{path}"), registry=host)
    home = Reference.parse(name).home
    if not isinstance(home, Repository):
        raise InvalidReferenceError(name, "a layout is no repository")
    return home


def _without_pin(prefix: str) -> str:
    """Cut off the tag and the digest; a colon before the first slash is a port's."""
    host, slash, path = prefix.partition("@")[0].partition("/")
    return f"{host}{slash}{path.partition(':')[0]}"


def _home(named: Named) -> Repository:
    home = named.home if isinstance(named, Reference) else named
    assert isinstance(home, Repository)  # noqa: S101 - layouts and other adapters have no routes
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
    ends = ("", "/", ":", "@") if "/" in prefix else ("", "/")  # after a host, a colon means a port
    is_prefix = name.lower().startswith(prefix.lower()) and rest[:1] in ends
    return rest if is_prefix else None
