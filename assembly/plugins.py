"""Adapters of other packages, found through their entry points (ADR 0026)."""

from collections.abc import Callable
from typing import Any

from manyfest.domain.errors import ConfigError, UnknownSchemeError

REGISTRIES = "manyfest.registries"
STORES = "manyfest.stores"


def factory_for(group: str, scheme: str) -> Callable[..., Any]:
    """Return the factory that ``group`` has for ``scheme``.

    Raises UnknownSchemeError: no package serves it; ConfigError: several packages serve it, or the
    factory cannot be imported.
    """
    from importlib.metadata import entry_points

    offered = entry_points(group=group)
    found = [point for point in offered if point.name == scheme]
    if not found:
        raise UnknownSchemeError(scheme, tuple(sorted({point.name for point in offered})))
    if len({point.value for point in found}) > 1:
        values = ", ".join(point.value for point in found)
        raise ConfigError(f"{group}: {scheme}", f"several packages serve it: {values}")
    try:
        factory: Callable[..., Any] = found[0].load()
    except Exception as error:
        reason = f"cannot be loaded: {type(error).__name__}: {error}"
        raise ConfigError(f"{group}: {found[0].value}", reason) from error
    return factory
