"""The mirrors one command has met: which are unreachable, and which notices were given."""

from collections.abc import Callable
from threading import Lock

from manyfest.domain.errors import ManyfestError, NotFoundError, UnreachableError, reason_text
from manyfest.domain.references import Reference


class MirrorLog:
    """Remembers unreachable mirrors, and gives each kind of notice once. Thread-safe."""

    def __init__(self, on_notice: Callable[[str], None]) -> None:
        self._on_notice = on_notice
        self._given: set[tuple[str, str]] = set()
        self._unreachable: dict[str, ManyfestError] = {}
        self._lock = Lock()

    def failure_of(self, host: str) -> ManyfestError | None:
        """The error of a mirror that could not be reached: it is not waited for again."""
        return self._unreachable.get(host)

    def failed(self, host: str, error: ManyfestError) -> None:
        """Record that a mirror could not serve; give notice unless it only lacks the content."""
        if isinstance(error, UnreachableError):
            self._unreachable[host] = error
        if not isinstance(error, NotFoundError):
            self._notify_once((host, ""), f"the mirror {host} is passed over: {reason_text(error)}")

    def answered(self, host: str, reference: Reference) -> None:
        """Record that a mirror served; give notice for tags, which may differ from the origin's."""
        if reference.digest is None:
            origin = str(reference.home).partition("/")[0]
            self._notify_once((host, origin), f"tags of {origin} are read from its mirror {host}")

    def _notify_once(self, topic: tuple[str, str], notice: str) -> None:
        with self._lock:
            if topic in self._given:
                return
            self._given.add(topic)
        self._on_notice(notice)
