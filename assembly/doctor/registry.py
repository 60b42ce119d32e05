"""The abilities of a registry, as its answers and what earlier commands learnt of it show.

Nothing is written to find out more: what only a write would show is said to be unknown.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta

from attr import evolve

from manyfest.adapters.mirrors import Route
from manyfest.assembly.access import open_examiner, remembered_facts, route_of
from manyfest.assembly.doctor.report import Fact, Report, counted, same_for_both
from manyfest.assembly.settings import Settings
from manyfest.domain.access import AuthExplanation, RegistrySurvey, scope_texts
from manyfest.domain.encoding.strict_json import Json
from manyfest.domain.errors import InputError
from manyfest.domain.ports.host_book import HostFacts
from manyfest.domain.references import DEFAULT_REGISTRY, Reference, Repository

# Whether a registry can do something, None if that is unknown; and a note.
_Answer = tuple[bool | None, str | None]

_NEEDS_REPOSITORY = "name a repository, as in manyfest doctor HOST/REPOSITORY"
_NEEDS_WRITE = "only a write would show it"
_LEARNT = "as an earlier command found"
_SKEW = timedelta(minutes=1)
_OK, _NOT_FOUND = 200, 404
_HUB_HOSTS = (DEFAULT_REGISTRY, "index.docker.io")
# Docker's own repository for the question how many pulls are left (docs.docker.com, "Pull usage").
_HUB_TEST = Reference.parse("docker.io/ratelimitpreview/test:latest")
_NUMBER = re.compile(r"[0-9]{1,15}\b")
_WORDS = {True: "yes", False: "no", None: "unknown"}
_ROOT = {True: "wants a login", False: "open to all"}


def registry_report(text: str, settings: Settings) -> Report:
    """Ask the registry that ``text`` names, by requests that change nothing; return the facts.

    ``text`` is ``HOST[:PORT]``, or a reference, by which more is found out; it is asked for where
    ``registries.conf`` says that it is. Raises InputError: it names no registry; UnreachableError,
    UnavailableError: it cannot be asked; BlockedError, ConfigError, by ``registries.conf``.
    """
    registry, named = _parsed(text)
    route = route_of(settings, named or Repository(registry, ""))
    origin = route.origin.registry
    asked = route.at_origin(named) if named else _HUB_TEST if origin == DEFAULT_REGISTRY else None
    with open_examiner(settings) as examiner:
        survey = examiner.survey(origin, asked)
    facts = remembered_facts(settings, origin)
    return Report(sections_of(registry, asked, survey, facts, route), survey.access.refusal)


def _parsed(text: str) -> tuple[str, Reference | None]:
    """Parse ``HOST[:PORT]``, or a reference. Raises InputError."""
    host, _, port = text.partition(":")
    is_host = "/" not in text and (port.isdecimal() or (not port and _is_like_host(host)))
    if is_host:
        return (DEFAULT_REGISTRY if text in _HUB_HOSTS else text), None
    reference = Reference.parse(text)
    if not isinstance(reference.home, Repository):
        raise InputError(f"doctor takes a registry, not {text}")
    return reference.home.registry, reference


def _is_like_host(host: str) -> bool:
    return "." in host or host == "localhost"


def sections_of(
    registry: str,
    reference: Reference | None,
    survey: RegistrySurvey,
    facts: HostFacts | None,
    route: Route,
) -> Mapping[str, Sequence[Fact]]:
    """Return the facts about ``registry``, and those that earlier commands learnt (``facts``).

    ``reference`` is the name that was asked for, at the origin of ``route``.
    """
    mirrors = [str(mirror.home).rstrip("/") for mirror in route.mirrors]
    return {
        "registry": (
            same_for_both("host", registry),
            _origin(registry, route),
            *_connection(survey),
        ),
        "access": tuple(_access(survey.access)),
        "abilities": (
            _ability("head", "HEAD of manifests", _head(survey, reference)),
            _ability("referrers", "referrers API", _referrers(survey, facts)),
            _deletion(survey, reference),
            _ability("severalTags", "several tags in one PUT", _tags(facts)),
            _ability("mounts", "mounts between repositories", (None, _NEEDS_WRITE)),
            _ability("conditionalPut", "conditional PUT", (None, _NEEDS_WRITE)),
            _upload(facts),
        ),
        "pulls": tuple(_pulls(survey, reference)),
        "mirrors": (Fact("askedFirst", [*mirrors], "asked first", tuple(mirrors) or ("none",)),),
    }


def _ability(key: str, label: str, answer: _Answer) -> Fact:
    is_supported, note = answer
    data: Json = {"supported": is_supported, "note": note}
    word = _WORDS[is_supported]
    return Fact(key, data, label, (f"{word}: {note}" if note else word,))


def _origin(registry: str, route: Route) -> Fact:
    """Return the place that was asked; people read it if ``registries.conf`` gives another."""
    origin = str(route.origin).rstrip("/")
    is_elsewhere = route.origin.registry != registry
    return Fact("origin", origin, "location" if is_elsewhere else "", (origin,))


def _connection(survey: RegistrySurvey) -> tuple[Fact, ...]:
    protocol = " ".join(filter(None, (survey.http_version, survey.tls or "without TLS")))
    needs_login = survey.base_status != _OK
    return (
        Fact("httpVersion", survey.http_version, "protocol", (protocol,)),
        Fact("tls", survey.tls or None),
        _named("apiVersion", "API version", survey.api_version),
        _named("server", "server", survey.server),
        Fact("needsLogin", needs_login, "API root", (_ROOT[needs_login],)),
        _clock(survey.clock_offset),
    )


def _named(key: str, label: str, value: str) -> Fact:
    return Fact(key, value or None, label, (value or "not named",))


def _clock(offset: timedelta | None) -> Fact:
    """Return how far the registry's clock is ahead; less than a minute counts as none."""
    seconds = (
        None if offset is None else 0 if abs(offset) < _SKEW else round(offset.total_seconds())
    )
    if seconds is None:
        shown = "unknown: the registry sends no date"
    elif not seconds:
        shown = "agrees with ours"
    else:
        place = "ahead of" if seconds > 0 else "behind"
        shown = f"{counted(abs(seconds), 'second')} {place} ours"
    return Fact("clockOffset", seconds, "clock", (shown,))


def _access(access: AuthExplanation) -> Iterator[Fact]:
    credentials = access.credentials
    source = str(credentials.source) if credentials and credentials.source else None
    failure = None if access.failure is None else str(access.failure)
    challenge = f"a token from {access.realm}" if access.realm else access.scheme or "none"
    shown = source or "none" if failure is None else f"none: {failure}"
    yield Fact("scheme", access.scheme or None, "challenge", (challenge,))
    yield Fact("realm", access.realm or None)
    yield Fact("credentials", None if failure else source, "credentials", (shown,))
    yield Fact("failure", failure)
    yield from _scopes(access)
    is_granted = access.refusal is None
    yield Fact("granted", is_granted, "access", ("granted" if is_granted else "refused",))


def _scopes(access: AuthExplanation) -> Iterator[Fact]:
    tokens = [
        (
            [*scope_texts(each.asked)],
            None if each.granted is None else [*scope_texts(each.granted)],
        )
        for each in access.tokens
    ]
    yield Fact(
        "tokens",
        [
            {"asked": [*asked], "granted": None if granted is None else [*granted]}
            for asked, granted in tokens
        ],
    )
    if tokens:
        wanted = tuple(" ".join(asked) or "none" for asked, _ in tokens)
        named = (
            "not named" if granted is None else " ".join(granted) or "none" for _, granted in tokens
        )
        yield Fact("", None, "scopes wanted", wanted)
        yield Fact("", None, "scopes granted", tuple(named))


def _head(survey: RegistrySurvey, reference: Reference | None) -> _Answer:
    if survey.head_status is None:
        return None, _unknown(reference)
    if survey.head_status == _OK:
        return True, "; ".join(_notes_of_head(survey, reference)) or None
    if survey.head_status == _NOT_FOUND:
        return None, f"there is no {reference}"
    return False, f"status {survey.head_status}"


def _notes_of_head(survey: RegistrySurvey, reference: Reference | None) -> Iterator[str]:
    if not survey.head_has_digest:
        yield "without a digest"
    if survey.head_of not in {"", str(reference)}:
        yield f"asked of {survey.head_of}, since there is no {reference}"


def _referrers(survey: RegistrySurvey, facts: HostFacts | None) -> _Answer:
    if survey.has_referrers_api is not None:
        has_api = survey.has_referrers_api
        return has_api, None if has_api else "they are listed under a tag"
    if facts is not None and facts.lacks_referrers:
        return False, _LEARNT
    return None, _NEEDS_REPOSITORY


def _deletion(survey: RegistrySurvey, reference: Reference | None) -> Fact:
    """Return what ``Allow`` claims: its yes is no proof, since some name DELETE where it is off."""
    methods = survey.allowed_methods
    if methods is None:
        note = _unknown(reference, "only a deletion would show it")
        return _ability("deletion", "deletion", (None, note))
    if "DELETE" not in methods:
        return _ability("deletion", "deletion", (False, f"it names {', '.join(methods)} alone"))
    note = "DELETE is among the methods that it names"
    return evolve(_ability("deletion", "deletion", (None, note)), lines=(f"perhaps: {note}",))


def _tags(facts: HostFacts | None) -> _Answer:
    if facts is None or facts.takes_tags is None:
        return None, _NEEDS_WRITE
    return facts.takes_tags, _LEARNT


def _upload(facts: HostFacts | None) -> Fact:
    size = facts.chunk_size or None if facts is not None else None
    shown = f"{size} bytes at a time, {_LEARNT}" if size else "no limit is known"
    return Fact("uploadLimit", size, "size of an upload", (shown,))


def _pulls(survey: RegistrySurvey, reference: Reference | None) -> Iterator[Fact]:
    left, limit = survey.pulls or ("", "")
    note = None
    if survey.pulls is None:
        is_unknown = reference is None or survey.access.refusal is not None
        note = _unknown(reference) if is_unknown else "the registry names no limit"
        note = f"unknown: {note}" if is_unknown else note
    shown = note or (f"{left} of {limit}" if limit else left)
    yield Fact("left", _number(left), "left", (shown,))
    yield Fact("limit", _number(limit))
    yield Fact("note", note)


def _number(text: str) -> int | None:
    """Return the number of a header such as ``97;w=21600``, None if there is none."""
    found = _NUMBER.match(text)
    return int(found[0]) if found else None


def _unknown(reference: Reference | None, otherwise: str = "access is refused") -> str:
    return _NEEDS_REPOSITORY if reference is None else otherwise
