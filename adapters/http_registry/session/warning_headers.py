"""Warnings of registries, in ``Warning`` headers (distribution-spec, "Warnings")."""

import re
import threading
from collections.abc import Callable, Iterable

from manyfest.adapters.http_registry.session.error_responses import presentable
from manyfest.adapters.http_registry.transport.slim_httpx import httpx

# RFC 7234 §5.5. The distribution-spec wants the code 299 and no agent; others are a proxy's.
_WARNING = re.compile(r'299\s+-\s+"((?:[^"\\]|\\.)*)"')
_READ_LIMIT = 8192  # characters; the spec allows 4096 bytes of warnings
_TOLD_LIMIT = 10  # a host that has more to say is not listened to


class WarningLog:
    """Tells each warning of a host once, as ``HOST: text``. Thread-safe."""

    def __init__(self, on_warning: Callable[[str], None]) -> None:
        self._on_warning = on_warning
        self._told: dict[str, set[str]] = {}
        self._lock = threading.Lock()

    def tell(self, host: str, response: httpx.Response, secrets: Iterable[str]) -> None:
        """Tell the warnings of ``response``, one line each, without ``secrets``."""
        header = ", ".join(response.headers.get_list("warning"))[:_READ_LIMIT]
        for quoted in _WARNING.findall(header):
            text = presentable(re.sub(r"\\(.)", r"\1", quoted), secrets)
            if text and self._is_new(host, text):
                self._on_warning(f"{host}: {text}")

    def _is_new(self, host: str, text: str) -> bool:
        with self._lock:
            told = self._told.setdefault(host, set())
            if text in told or len(told) == _TOLD_LIMIT:
                return False
            told.add(text)
            return True
