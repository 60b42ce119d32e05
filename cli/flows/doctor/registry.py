"""The abilities of a registry, as its answers and what earlier commands learnt of it show.

Nothing is written to find out more: what only a write would show is said to be unknown.
"""

from collections.abc import Sequence
from datetime import timedelta

from manyfest.cli.rendering.humanize import counted
from manyfest.domain.access import AuthExplanation, RegistrySurvey, scope_texts
from manyfest.domain.encoding.strict_json import Json
from manyfest.domain.ports.host_book import HostFacts
from manyfest.domain.references import Reference

# A report has sections of facts by their names, as that of ``machine``.
Report = dict[str, dict[str, Json]]

_NEEDS_REPOSITORY = "unknown: name a repository, as in manyfest doctor HOST/REPOSITORY"
_NEEDS_WRITE = "unknown: only a write would show it"
_SKEW = timedelta(minutes=1)
_OK, _NOT_FOUND = 200, 404


def registry_report(
    registry: str,
    reference: Reference | None,
    survey: RegistrySurvey,
    facts: HostFacts | None,
    mirrors: Sequence[str],
) -> Report:
    """Return the facts about ``registry``; ``facts`` are those of earlier commands."""
    return {
        "registry": {"host": registry, **_connection(survey)},
        "access": _access(survey.access),
        "abilities": {
            "HEAD of manifests": _head(survey, reference),
            "referrers API": _referrers(survey, facts),
            "deletion": _deletion(survey, reference),
            "several tags in one PUT": _tags(facts),
            "mounts between repositories": _NEEDS_WRITE,
            "conditional PUT": _NEEDS_WRITE,
            "size of an upload": _upload(facts),
        },
        "pulls": {"left": _pulls(survey, reference)},
        "mirrors": {"asked first": list[Json](mirrors) or "none"},
    }


def _connection(survey: RegistrySurvey) -> dict[str, Json]:
    return {
        "protocol": " ".join(filter(None, (survey.http_version, survey.tls or "without TLS"))),
        "API version": survey.api_version or "not named",
        "server": survey.server or "not named",
        "API root": "open to all" if survey.base_status == _OK else "wants a login",
        "clock": _clock(survey.clock_offset),
    }


def _clock(offset: timedelta | None) -> str:
    if offset is None:
        return "unknown: the registry sends no date"
    if abs(offset) < _SKEW:
        return "agrees with ours"
    seconds = round(abs(offset).total_seconds())
    return f"{counted(seconds, 'second')} {'ahead of' if offset > timedelta() else 'behind'} ours"


def _access(access: AuthExplanation) -> dict[str, Json]:
    credentials, tokens = access.credentials, access.tokens
    source = str(credentials.source) if credentials and credentials.source else ""
    found: dict[str, Json] = {
        "challenge": f"a token from {access.realm}" if access.realm else access.scheme or "none",
        "credentials": f"none: {access.failure}" if access.failure else source or "none",
    }
    for token in tokens:
        found["scopes wanted"] = " ".join(scope_texts(token.asked)) or "none"
        named = token.granted
        found["scopes granted"] = (
            "not named" if named is None else " ".join(scope_texts(named)) or "none"
        )
    return {**found, "access": "refused" if access.refusal else "granted"}


def _head(survey: RegistrySurvey, reference: Reference | None) -> str:
    if survey.head_status is None:
        return _unknown(reference)
    if survey.head_status == _OK:
        return "yes" if survey.head_has_digest else "yes, without a digest"
    if survey.head_status == _NOT_FOUND:
        return f"unknown: there is no {reference}"
    return f"no (status {survey.head_status})"


def _referrers(survey: RegistrySurvey, facts: HostFacts | None) -> str:
    if survey.has_referrers_api is not None:
        return "yes" if survey.has_referrers_api else "no: they are listed under a tag"
    if facts is not None and facts.lacks_referrers:
        return "no, as an earlier command found"
    return _NEEDS_REPOSITORY


def _deletion(survey: RegistrySurvey, reference: Reference | None) -> str:
    if survey.allowed_methods is None:
        return _unknown(reference, "unknown: only a deletion would show it")
    if "DELETE" in survey.allowed_methods:
        return "perhaps: DELETE is among the methods that it names"
    return f"no: it names {', '.join(survey.allowed_methods)} alone"


def _tags(facts: HostFacts | None) -> str:
    if facts is None or facts.takes_tags is None:
        return _NEEDS_WRITE
    return f"{'yes' if facts.takes_tags else 'no'}, as an earlier command found"


def _upload(facts: HostFacts | None) -> str:
    if facts is None or not facts.chunk_size:
        return "no limit is known"
    return f"{facts.chunk_size} bytes at a time, as an earlier command found"


def _pulls(survey: RegistrySurvey, reference: Reference | None) -> str:
    if survey.pulls is None:
        return _unknown(reference, "the registry names no limit")
    left, limit = survey.pulls
    return f"{left} of {limit}" if limit else left


def _unknown(reference: Reference | None, otherwise: str = "unknown: access is refused") -> str:
    return _NEEDS_REPOSITORY if reference is None else otherwise
