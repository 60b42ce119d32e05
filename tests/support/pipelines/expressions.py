"""GitHub's expressions, ``${{ … }}``, as far as our actions, workflows and recipes use them."""

import json
import re
from collections.abc import Iterator, Mapping

Contexts = Mapping[str, object]

_PLACE = re.compile(r"\$\{\{\s*(.*?)\s*\}\}", re.DOTALL)
_TOKEN = re.compile(r"\s*('(?:[^']|'')*'|[\w.-]+|==|!=|&&|\|\||[!()\[\]])")
_FUNCTIONS = {"fromJSON": json.loads, "toJSON": json.dumps}
_EVENTS = {"always": True, "success": True, "failure": False, "cancelled": False}


def resolve(text: str, contexts: Contexts) -> str:
    """Return ``text`` with the value of each expression in its place."""
    return _PLACE.sub(lambda match: _shown(evaluate(match[1], contexts)), text)


def evaluate(expression: str, contexts: Contexts) -> object:
    """Return the value; a member that does not exist is empty, as on GitHub."""
    tokens = _TOKEN.findall(expression)
    assert "".join(tokens) == re.sub(r"\s+(?=(?:[^']*'[^']*')*[^']*$)", "", expression), expression
    parser = _Parser(iter([*tokens, ""]), contexts)
    value = parser.disjunction()
    assert parser.token == "", f"{expression}: {parser.token}"
    return value


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else str(value)


class _Parser:
    """Recursive descent; ``token`` is the next one, empty at the end."""

    def __init__(self, tokens: Iterator[str], contexts: Contexts) -> None:
        self._tokens, self._contexts = tokens, contexts
        self.token = next(tokens)

    def disjunction(self) -> object:
        value = self._conjunction()
        while self._take("||"):
            other = self._conjunction()
            value = value or other
        return value

    def _conjunction(self) -> object:
        value = self._comparison()
        while self._take("&&"):
            other = self._comparison()
            value = value and other
        return value

    def _comparison(self) -> object:
        value = self._single()
        if self._take("=="):
            return _shown(value) == _shown(self._single())
        if self._take("!="):
            return _shown(value) != _shown(self._single())
        return value

    def _single(self) -> object:
        if self._take("!"):
            return not self._single()
        if self._take("("):
            value = self.disjunction()
            assert self._take(")")
            return value
        token, self.token = self.token, next(self._tokens)
        if token.startswith("'"):
            return token[1:-1].replace("''", "'")
        value = self._call(token) if self._take("(") else self._member(token)
        while self._take("["):
            key = self.disjunction()
            assert self._take("]")
            value = value.get(key) if isinstance(value, Mapping) else None
        return value

    def _call(self, name: str) -> object:
        argument = None if self.token == ")" else self.disjunction()
        assert self._take(")")
        return _EVENTS[name] if name in _EVENTS else _FUNCTIONS[name](argument)

    def _member(self, path: str) -> object:
        if path in {"true", "false"}:
            return path == "true"
        first, *rest = path.split(".")
        value: object = self._contexts[first]
        for key in rest:
            value = value.get(key) if isinstance(value, Mapping) else None
        return value

    def _take(self, token: str) -> bool:
        if self.token != token:
            return False
        self.token = next(self._tokens)
        return True
