"""What one command learns about mirrors: which are away, and what a person should know of them."""

from collections.abc import Callable
from threading import Lock

from manyfest.domain.errors import ManyfestError, NotFoundError, UnreachableError
from manyfest.domain.references import Reference


class MirrorLog:
    """Remembers mirrors that cannot be reached, and tells each kind of news once. Thread-safe."""

    def __init__(self, tell: Callable[[str], None]) -> None:
        self._tell = tell
        self._told: set[tuple[str, str]] = set()
        self._away: dict[str, ManyfestError] = {}
        self._lock = Lock()

    def failure_of(self, host: str) -> ManyfestError | None:
        """Why a mirror was away, if it was: it is not worth waiting for again."""
        return self._away.get(host)

    def failed(self, host: str, error: ManyfestError) -> None:
        """A mirror could not serve. That it does not have something is no news."""
        if isinstance(error, UnreachableError):
            self._away[host] = error
        if not isinstance(error, NotFoundError):
            self._tell_once((host, ""), f"the mirror {host} is passed over: {reason_text(error)}")

    def answered(self, host: str, reference: Reference) -> None:
        """A mirror served. Of tags it may have others than the origin, so who answers is told."""
        if reference.digest is None:
            origin = str(reference.home).partition("/")[0]
            self._tell_once((host, origin), f"tags of {origin} are read from its mirror {host}")

    def _tell_once(self, topic: tuple[str, str], news: str) -> None:
        with self._lock:
            if topic in self._told:
                return
            self._told.add(topic)
        self._tell(news)


def reason_text(error: ManyfestError) -> str:
    """The sentence without the reference that most begin with."""
    subject, separator, rest = str(error).partition(": ")
    return rest if separator and "/" in subject else str(error)
