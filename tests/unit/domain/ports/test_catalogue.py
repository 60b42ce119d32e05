"""Numbers of things and their bytes."""

from manyfest.domain.ports.catalogue import CountAndBytes


def test_things_are_counted_with_their_bytes_and_amounts_add_up() -> None:
    assert CountAndBytes.of(iter([5, 0, 7])) == CountAndBytes(3, 12)
    assert CountAndBytes(3, 12) + CountAndBytes(1, 30) == CountAndBytes(4, 42)
    assert CountAndBytes.of([]) == CountAndBytes()
