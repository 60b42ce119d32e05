"""Text from outside on a terminal: nothing in it may move the cursor or hide a line."""


def printable(text: str) -> str:
    """``text`` with all that is not printable, newlines too, as escapes."""
    return "".join(char if char.isprintable() else ascii(char)[1:-1] for char in text)
