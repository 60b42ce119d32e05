"""The interfaces between the domain and everything outside it: registries, the store, threads.

What a registry and a store promise, in the order in which they build on each other:

* ``registry``: manifests, blobs, tags and referrers, by full reference.
* ``registry_access``: checks of logins, reports of authorisation, surveys, records of tags.
* ``content_store``: manifests and small blobs by digest, and what each tag pointed to, when.
* ``draft_book``: the drafts, by name.
* ``layer_store``: blobs of any size, by digest.
* ``store``: the three of a store that commands work with.
* ``catalogue``, ``queries``: views of all that the store has.
* ``garbage``, ``integrity``: the upkeep of the store.
* ``housekeeping``: those four, and the drafts, as the commands for the upkeep use them.
* ``host_book``: facts about hosts that save round trips.
* ``login_store``: logins that docker and other programs share.
* ``bundles``: OCI layouts that carry content from one store to another.
* ``fan_out``: parallel calls.

``Ports``, below, bundles those that operations share. Its imports are for type checkers alone:
a local command loads none of the ports that it does not use.
"""

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from manyfest.domain.errors import StoreError
    from manyfest.domain.ports.content_store import ContentStore
    from manyfest.domain.ports.draft_book import DraftBook
    from manyfest.domain.ports.fan_out import FanOut
    from manyfest.domain.ports.layer_store import LayerStore
    from manyfest.domain.ports.registry import Registry
    from manyfest.domain.references import Home

# Waits so many seconds.
Pause = Callable[[float], None]

# Returns the present time, in UTC.
Clock = Callable[[], datetime]

# Returns the present time, in UTC, by the clock of a home's registry if that told it.
RegistryClock = Callable[["Home"], datetime]


class Ports(Protocol):
    """The ports that an operation is handed, as one value.

    Every member is read only when it is used, so that they may be made on demand. The docstring
    of each operation names those that it uses. Functions that use just one port take that port.
    """

    @property
    def registry(self) -> "Registry":
        """Serves every reference, of registries and of layouts."""
        ...

    @property
    def contents(self) -> "ContentStore":
        """The manifests, small blobs and observations of the store."""
        ...

    @property
    def layers(self) -> "LayerStore":
        """The blobs of any size of the store."""
        ...

    @property
    def drafts(self) -> "DraftBook":
        """The drafts; they share the transactions of ``contents``."""
        ...

    @property
    def fan_out(self) -> "FanOut":
        """Makes calls in parallel."""
        ...

    @property
    def now(self) -> datetime:
        """The time (UTC) at which the command began, corrected by the registries' clocks."""
        ...

    @property
    def clock(self) -> Clock:
        """The present time, for writes that come long after the command began."""
        ...

    @property
    def registry_clock(self) -> RegistryClock:
        """The present time at a registry, which all its writers share; else that of ``clock``."""
        ...

    @property
    def pause(self) -> Pause:
        """Waits before a registry is asked again whether it shows a write."""
        ...

    @property
    def records_reads(self) -> bool:
        """Whether operations that only read record what they read (``steps/record``)."""
        ...

    @property
    def on_unrecorded(self) -> "Callable[[StoreError], None]":
        """Is told why the store did not take what was read or written."""
        ...
