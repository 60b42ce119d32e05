"""An explanation of access to a registry, as text and as JSON; never with a secret."""

import json
from collections.abc import Iterator

from manyfest.cli.output import Screen, printable
from manyfest.domain.access import AuthExplanation, Credentials, Scopes, scope_texts
from manyfest.domain.encoding.strict_json import Json
from manyfest.domain.references import Reference

LABEL_WIDTH = 16
_UNKNOWN = "unknown: the token does not name them"


def auth_text(name: Reference, explanation: AuthExplanation) -> str:
    """Return the explanation as lines of a label and a fact."""
    rows = [("reference", str(name)), *_route(name, explanation)]
    rows.append(("credentials", _credentials_text(explanation)))
    rows.append(("challenge", _challenge(explanation)))
    for token in explanation.tokens:
        rows.append(("scopes wanted", _scopes_text(token.asked)))
        granted = token.granted
        rows.append(("scopes granted", _UNKNOWN if granted is None else _scopes_text(granted)))
    rows.append(("access", "refused" if explanation.refusal else "granted"))
    return "\n".join(f"{label + ':':<{LABEL_WIDTH}}{printable(value)}" for label, value in rows)


def painted_fact(line: str, screen: Screen) -> str:
    """Return a line of ``auth_text`` with its label bold, and the outcome in colour."""
    label, fact = line[:LABEL_WIDTH], line[LABEL_WIDTH:]
    style = {"granted": "added", "refused": "removed"}.get(fact, "")
    return (
        screen.paint(label.rstrip(), "strong")
        + label[len(label.rstrip()) :]
        + screen.paint(fact, style)
    )


def auth_json(name: Reference, explanation: AuthExplanation) -> str:
    """Return the explanation as one JSON object; ``failure`` only where a source failed."""
    tokens = [
        {"asked": list(scope_texts(token.asked)), "granted": _scopes_json(token.granted)}
        for token in explanation.tokens
    ]
    document = {
        "reference": str(name),
        "credentials": _credentials_json(explanation.credentials),
        "scheme": explanation.scheme or None,
        "realm": explanation.realm or None,
        "tokens": tokens,
        "refusal": str(explanation.refusal) if explanation.refusal else None,
        "origin": explanation.origin or str(name),
        "mirrors": [*explanation.mirrors],
        "insecure": explanation.is_insecure,
    }
    if explanation.failure:
        document["failure"] = str(explanation.failure)
    return json.dumps(document, indent=2)


def _route(name: Reference, explanation: AuthExplanation) -> Iterator[tuple[str, str]]:
    """The places that ``registries.conf`` puts before the registry, or in place of it."""
    for mirror in explanation.mirrors:
        yield "mirror", f"{mirror}, asked first with its own credentials"
    if explanation.origin not in {"", str(name)}:
        yield "location", f"{explanation.origin}, by registries.conf"
    if explanation.is_insecure:
        yield "insecure", "unverified TLS and plain HTTP are allowed"


def _credentials_json(credentials: Credentials | None) -> Json:
    if credentials is None:
        return None
    source = credentials.source
    return {
        "kind": _kind(credentials),
        "username": credentials.username or None,
        "file": source.file if source else None,
        "key": (source.key if source else "") or None,
        "helper": (source.helper if source else "") or None,
    }


def _credentials_text(explanation: AuthExplanation) -> str:
    credentials = explanation.credentials
    if credentials is None:
        return f"none: {explanation.failure}" if explanation.failure else "none"
    user = f" of {credentials.username}" if credentials.username else ""
    source = credentials.source
    place = f", from {source}, key {source.key}" if source else ""
    return f"{_kind(credentials)}{user}{place}"


def _kind(credentials: Credentials) -> str:
    if credentials.registry_token:
        return "registry token"
    return "identity token" if credentials.identity_token else "password"


def _challenge(explanation: AuthExplanation) -> str:
    if explanation.scheme == "bearer":
        return f"a token from {explanation.realm}"
    return "username and password" if explanation.scheme else "none"


def _scopes_json(granted: Scopes | None) -> list[str] | None:
    return None if granted is None else list(scope_texts(granted))


def _scopes_text(scopes: Scopes) -> str:
    return " ".join(scope_texts(scopes)) or "none"
