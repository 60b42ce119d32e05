"""A second example: what a registry answered, recorded to a file and played again without it.

``tape://FILE.tape/HOST/PATH:TAG``: with ``TAPE=record`` in the environment, what is read of
``HOST/PATH`` is read from there and kept in the file; else it is played from the file, and nobody
is asked. ``manyfest.testing`` has the recordings.
"""

import os
from pathlib import Path
from typing import Any

from attrs import evolve

from manyfest.adapters.deadline import Deadline
from manyfest.adapters.decorators.base import Call, RegistryDecorator, Result
from manyfest.adapters.http_registry.registry import HttpRegistry
from manyfest.domain.ports.registry import Registry
from manyfest.domain.references import External, Reference
from manyfest.testing import Recording


class TapeRegistry(RegistryDecorator):
    """Plays what is on the tapes; with ``origin``, asks that and records."""

    def __init__(self, origin: HttpRegistry | None) -> None:
        self._origin = origin
        self._tapes: dict[Path, Registry] = {}

    def close(self) -> None:
        """Close the connections; the session calls this method of an adapter that has it."""
        if self._origin is not None:
            self._origin.close()

    def _forward(self, reference: Reference, call: Call[Result]) -> Result:
        assert isinstance(reference.home, External)
        name, mark, there = reference.home.place.partition(".tape/")
        assert mark
        home = Reference.parse(there).home
        return call(self._recorded(Path(f"{name}.tape")), evolve(reference, home=home))

    def _recorded(self, tape: Path) -> Registry:
        origin = self._origin
        if tape not in self._tapes:
            recording = Recording(tape, record=origin is not None)
            self._tapes[tape] = recording(lambda: origin or HttpRegistry(Deadline(0)))
        return self._tapes[tape]


def registry(_scheme: str, settings: Any) -> TapeRegistry:
    """The factory that the entry point names; it may look at the settings of the command."""
    recording = os.environ.get("TAPE") == "record"
    return TapeRegistry(HttpRegistry(Deadline(settings.seconds)) if recording else None)
