"""The decorator of value classes: attrs' ``frozen``, at less than half its cost at start-up.

Theory of operation. attrs writes ``__init__``, ``__repr__``, ``__eq__`` and ``__hash__`` as source
text and compiles it, for each class, in each process. A command makes some 80 classes, which was a
fifth of its instructions (ADR 0009). Here only ``__init__`` is attrs' own; the other three are
closures over an ``attrgetter`` of the fields, which cost nothing to make. Fields count as they do
with attrs (``eq``, ``hash``, ``repr``), and a method that a class defines itself stays.
"""

from collections.abc import Callable
from operator import attrgetter
from typing import TYPE_CHECKING, Any

import attr

if TYPE_CHECKING:
    from attr import frozen as frozen  # noqa: PLC0414 - a name that mypy and pyright know
else:

    def frozen(cls: type) -> type:
        """Return ``cls`` as a frozen attrs class with slots, whose values equal by their fields."""
        made = attr.frozen(cls, repr=False, eq=False)
        for name, method in _methods(attr.fields(made)).items():
            if name not in cls.__dict__:
                setattr(made, name, method)
        return made


def _methods(fields: Any) -> dict[str, Callable[..., Any]]:
    compared = _getter(field.name for field in fields if field.eq)
    hashed = _getter(
        field.name for field in fields if (field.eq if field.hash is None else field.hash)
    )
    shown = tuple(field.name for field in fields if field.repr)

    def equal(self: Any, other: Any) -> Any:
        if other.__class__ is not self.__class__:
            return NotImplemented
        return compared(self) == compared(other)

    def hashed_fields(self: Any) -> int:
        return hash(hashed(self))

    def text(self: Any) -> str:
        values = ", ".join(f"{name}={getattr(self, name)!r}" for name in shown)
        return f"{self.__class__.__qualname__.rpartition('>.')[2]}({values})"

    return {"__eq__": equal, "__hash__": hashed_fields, "__repr__": text}


def _getter(names: Any) -> Callable[[Any], Any]:
    """A function of a value that returns these attributes; its class, if there are none."""
    return attrgetter(*(tuple(names) or ("__class__",)))
