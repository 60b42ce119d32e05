"""The reason in an error of the operating system, as it goes into a sentence of ours."""


def os_error_text(error: OSError, unknown: str = "unreadable") -> str:
    """Return the system's text in lower case, or ``unknown`` where it gives none."""
    return (error.strerror or unknown).lower()
