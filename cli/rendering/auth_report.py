"""How a registry lets us in, for people and as JSON; never with a secret in it."""

import json

from manyfest.cli.output import printable
from manyfest.domain.access import AuthExplanation, Credentials, Scopes, scope_texts
from manyfest.domain.encoding.strict_json import Json
from manyfest.domain.references import Reference

_UNTOLD = "the token does not tell"


def access_text(name: Reference, access: AuthExplanation) -> str:
    """A line a fact."""
    rows = [("reference", str(name)), ("credentials", _who(access.credentials))]
    rows.append(("asked for", _asked(access)))
    for token in access.tokens:
        rows.append(("scopes asked", _line(token.asked)))
        granted = token.granted
        rows.append(("scopes granted", _UNTOLD if granted is None else _line(granted)))
    rows.append(("let in", "no" if access.refusal else "yes"))
    return "\n".join(f"{label + ':':<16}{printable(value)}" for label, value in rows)


def access_json(name: Reference, access: AuthExplanation) -> str:
    """One object."""
    tokens = [
        {"asked": list(scope_texts(token.asked)), "granted": _listed(token.granted)}
        for token in access.tokens
    ]
    document = {
        "reference": str(name),
        "credentials": _credentials(access.credentials),
        "scheme": access.scheme or None,
        "realm": access.realm or None,
        "tokens": tokens,
        "refusal": str(access.refusal) if access.refusal else None,
    }
    return json.dumps(document, indent=2)


def _credentials(credentials: Credentials | None) -> Json:
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


def _who(credentials: Credentials | None) -> str:
    if credentials is None:
        return "none"
    user = f" of {credentials.username}" if credentials.username else ""
    source = credentials.source
    place = f", from {source}, key {source.key}" if source else ""
    return f"{_kind(credentials)}{user}{place}"


def _kind(credentials: Credentials) -> str:
    if credentials.registry_token:
        return "registry token"
    return "identity token" if credentials.identity_token else "password"


def _asked(access: AuthExplanation) -> str:
    if access.scheme == "bearer":
        return f"a token of {access.realm}"
    return "name and password" if access.scheme else "nothing"


def _listed(granted: Scopes | None) -> list[str] | None:
    return None if granted is None else list(scope_texts(granted))


def _line(scopes: Scopes) -> str:
    return " ".join(scope_texts(scopes)) or "none"
