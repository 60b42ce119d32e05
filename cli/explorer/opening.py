"""The start of an explorer: its packages, and the address that a person opens."""

from manyfest.cli.output import write_text
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
    """Print the address of the first page, and open it in the browser if that is wanted."""
    write_text(url)
    if in_browser:
        import webbrowser

        webbrowser.open(url)
