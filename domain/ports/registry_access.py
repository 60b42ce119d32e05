"""The registry access ports: checks of logins, reports of authorisation, records of tags.

No method reads or changes content. Both may raise the errors that the methods of the registry
port raise where the registry cannot be reached or does not speak the protocol, and
CredentialsError: the credentials cannot be read, or may not be sent to this registry.
"""

from datetime import datetime
from typing import Protocol

from manyfest.domain.access import AuthExplanation, RegistrySurvey
from manyfest.domain.history.observation import Observation
from manyfest.domain.references import Reference


class RegistryAccess(Protocol):
    """Registries, contacted with the credentials that the object was made with."""

    def check_login(self, registry: str) -> None:
        """Request ``/v2/`` with the credentials for ``registry``, as docker does.

        ``registry`` is ``host[:port]``. Raises UnauthorizedError: they are not accepted.
        """
        ...

    def explain(self, reference: Reference) -> AuthExplanation:
        """Explain how reading ``reference`` is authorised, by one HEAD request.

        A HEAD of a manifest is no pull, so it does not count against a rate limit of pulls.
        AccessError and UnavailableError are not raised but reported as ``refusal``: the source of
        the credentials is known all the same.
        """
        ...


class RegistryExaminer(Protocol):
    """Finds out what a registry can do, without a write or a pull."""

    def survey(self, registry: str, reference: Reference | None = None) -> RegistrySurvey:
        """Ask ``registry``, and the repository of ``reference`` if there is one.

        AccessError is not raised but reported as the ``refusal`` of its access.
        """
        ...


class TagRecords(Protocol):
    """Records that servers keep of the past of tags, read without credentials."""

    def claims(self, tag: Reference, now: datetime) -> tuple[Observation, ...]:
        """Return what ``tag`` pointed to in the past, in any order; each names its source.

        Manifests are not read, and may be gone. Times later than ``now`` (UTC) count as now.
        Raises NoRecordError: no server records the tag; DocumentError: an answer is malformed or
        too large.
        """
        ...
