"""The start of an explorer: its packages, and the address that a person opens."""

from threading import Thread

from manyfest.cli.output import note, write_text
from manyfest.domain.errors import ConfigError


def require_packages(command: str) -> None:
    """Raise ConfigError unless the packages of the extra ``explore`` are installed."""
    try:
        import jinja2
        import starlette
        import uvicorn
    except ImportError as error:
        needed = "pip install 'manyfest[explore]'"
        missing = f"needs {error.name}, which is not installed: {needed}"
        raise ConfigError(command, missing) from error
    del jinja2, starlette, uvicorn


def announce(url: str, *, in_browser: bool) -> None:
    """Print the address of the first page, and open it in the browser if that is wanted.

    A browser on the terminal returns when it is left, and until then it asks for pages: it runs
    beside the server.
    """
    write_text(url)
    if in_browser:
        Thread(target=_open, args=(url,), daemon=True).start()


def _open(url: str) -> None:
    import webbrowser

    if not webbrowser.open(url):
        note("no browser could be opened; open the address above")
