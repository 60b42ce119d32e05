"""The report of ``doctor``: sections of facts, for programs and for people."""

from collections.abc import Iterator, Mapping, Sequence

from manyfest.domain.encoding.strict_json import Json
from manyfest.domain.errors import ManyfestError
from manyfest.domain.values import frozen

_INDENT = "  "


@frozen
class Fact:
    """A fact for people, ``lines`` beside ``label``, and for programs, ``data``, under ``key``.

    Without a ``label`` the fact is for programs alone, without a ``key`` for people alone.
    """

    key: str
    data: Json
    label: str = ""
    lines: tuple[str, ...] = ()


def same_for_both(name: str, value: str) -> Fact:
    """Return a fact that people and programs read alike."""
    return Fact(name, value, name, (value,))


def counted(number: int, thing: str) -> str:
    """Return a number with its noun: ``1 rule``, ``2,000 rules``."""
    return f"{number:,} {thing}{'' if number == 1 else 's'}"


@frozen
class Report:
    """Facts by ``sections``; ``refusal`` is why a registry cannot be used, if it cannot.

    ``str()`` is the text for people.
    """

    sections: Mapping[str, Sequence[Fact]]
    refusal: ManyfestError | None = None

    @property
    def data(self) -> dict[str, dict[str, Json]]:
        """The facts by section and key, as the schema ``doctor`` has them."""
        return {
            section: {fact.key: fact.data for fact in facts if fact.key}
            for section, facts in self.sections.items()
        }

    def lines(self) -> Iterator[str]:
        """Yield each section's name, and a line for each fact; further values are below it."""
        width = max(len(fact.label) for facts in self.sections.values() for fact in facts) + 2
        for section, facts in self.sections.items():
            yield section
            for fact in facts:
                for number, each in enumerate(fact.lines):
                    shown = f"{fact.label}:" if not number else ""
                    yield f"{_INDENT}{shown:<{width}}{each}"

    def __str__(self) -> str:
        return "\n".join(self.lines())
