"""The contract of a host book: subclass ``HostBookContract`` and give ``book``."""

from datetime import UTC, datetime, timedelta

import pytest
from attrs import evolve

from manyfest.domain.ports.host_book import LIFETIME, HostBook, HostFacts

NOON = datetime(2024, 6, 1, 12, tzinfo=UTC)
FACTS = HostFacts("reg.test:5000", insecure=False, scheme="https", realm="https://a.test/t")
LOOSE = evolve(FACTS, insecure=True, scheme="http", realm="")


class HostBookContract:
    """A subclass overrides ``book``."""

    @pytest.fixture
    def book(self) -> HostBook:
        """Return an empty book."""
        raise NotImplementedError

    def test_a_book_without_facts_says_so(self, book):
        assert book.find(FACTS.host, NOON, insecure=False) is None
        book.keep([], NOON)

    def test_facts_are_found_by_their_host_and_rules(self, book):
        book.keep([FACTS], NOON)
        assert book.find(FACTS.host, NOON, insecure=False) == FACTS
        assert book.find(FACTS.host, NOON, insecure=True) is None
        assert book.find("reg.test", NOON, insecure=False) is None
        book.keep([LOOSE], NOON)
        assert book.find(FACTS.host, NOON, insecure=False) == FACTS
        assert book.find(FACTS.host, NOON, insecure=True) == LOOSE

    @pytest.mark.parametrize("takes_tags", [True, False, None])
    def test_later_facts_replace_earlier_ones(self, book, takes_tags):
        later = evolve(FACTS, realm="https://b.test", chunk_size=5, takes_tags=takes_tags)
        book.keep([FACTS], NOON)
        book.keep([later], NOON)
        assert book.find(FACTS.host, NOON, insecure=False) == later

    @pytest.mark.parametrize(
        ("age", "counts"),
        [
            (timedelta(), True),
            (LIFETIME - timedelta(seconds=1), True),
            (LIFETIME, False),
            (timedelta(hours=-1), False),
        ],
    )
    def test_facts_count_for_a_day(self, book, age, counts):
        book.keep([FACTS], NOON)
        assert (book.find(FACTS.host, NOON + age, insecure=False) == FACTS) is counts
