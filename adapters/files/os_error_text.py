"""The reason of an operating system error, worded to end a sentence."""


def os_error_text(error: OSError, unknown: str = "unreadable") -> str:
    """Return the system's text in lower case, or ``unknown`` where it gives none."""
    return (error.strerror or unknown).lower()
