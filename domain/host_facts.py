"""Host facts: what was learnt about speaking to a registry host, and for how long it counts."""

from datetime import datetime, timedelta

from attrs import frozen

LIFETIME = timedelta(hours=24)

_CLOCKS_DIFFER_BY = timedelta(minutes=5)


@frozen
class HostFacts:
    """How a ``host[:port]``, as references name it, was found to want to be spoken to.

    ``scheme`` is ``http`` or ``https``. ``realm`` and ``service`` are those of its challenge for
    bearer tokens, empty where it made none. ``insecure`` is whether insecurity was allowed when
    this was learnt: what was learnt by looser rules never counts where stricter ones hold.

    They are a guess about what will work, and no permission: who uses them asks the rules that
    hold now, and goes without them where they prove wrong.
    """

    host: str
    insecure: bool
    scheme: str
    realm: str = ""
    service: str = ""


def is_fresh(learnt_at: datetime, now: datetime) -> bool:
    """Whether facts of that moment count; those from the future do not."""
    return -_CLOCKS_DIFFER_BY <= now - learnt_at < LIFETIME
