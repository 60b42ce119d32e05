"""Numbers of things and their bytes."""

from manyfest.domain.amounts import Amount


def test_things_are_counted_with_their_bytes_and_amounts_add_up() -> None:
    assert Amount.of(iter([5, 0, 7])) == Amount(3, 12)
    assert Amount(3, 12) + Amount(1, 30) == Amount(4, 42)
    assert Amount.of([]) == Amount()
