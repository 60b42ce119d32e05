"""The adapter loads what it needs for an anonymous conversation, and nothing more."""

import os
import subprocess
import sys

import pytest


@pytest.mark.usefixtures("unmeasured")
def test_no_command_line_no_converter_and_no_suffix_list_is_imported():
    code = (
        "import sys, manyfest.adapters.http_registry.registry;"
        "import manyfest.adapters.credentials.docker_config;"
        "heavy = {'rich', 'pygments', 'click', 'typer', 'cattrs', 'publicsuffixlist', 'sqlite3'};"
        "print(sorted(heavy & set(sys.modules)), 'httpx._main' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[] False\n"


@pytest.mark.usefixtures("unmeasured")
def test_what_httpx_rarely_needs_is_imported_when_it_does():
    code = (
        "import sys; from manyfest.adapters.http_registry.transport.slim_httpx import httpx;"
        "later = {'anyio', 'certifi', 'idna', 'zstandard'};"
        "print(sorted(later & set(sys.modules)));"
        "print(httpx.URL('https://b\u00fccher.example/').raw_host.decode());"
        "import idna, zstandard; print(sorted(later & set(sys.modules)), idna.encode('a'));"
        "print(type(idna).__name__, bool(zstandard.ZstdCompressor()))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == [
        "[]",
        "xn--bcher-kva.example",
        "['idna', 'zstandard'] b'a'",
        "module True",
    ]


@pytest.mark.usefixtures("unmeasured")
def test_what_is_not_installed_is_not_offered_to_servers():
    """The program that imports the library may use httpx, too."""
    code = (
        "from importlib.machinery import PathFinder; find = PathFinder.find_spec;"
        "hidden = lambda name, *more: None if name == 'zstandard' else find(name, *more);"
        "PathFinder.find_spec = staticmethod(hidden);"
        "from manyfest.adapters.http_registry.transport.slim_httpx import httpx;"
        "print('zstd' in httpx.Client().headers['accept-encoding'])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


def test_httpx_can_be_imported_before_and_its_command_after():
    code = (
        "import httpx;"
        "from manyfest.adapters.http_registry.transport.slim_httpx import httpx as slim;"
        "import httpx._main; print(slim is httpx)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "True\n"


@pytest.mark.usefixtures("unmeasured")
def test_what_is_used_while_httpx_is_imported_is_imported_at_once(tmp_path):
    (tmp_path / "httpx.py").write_text("import idna, shutil; encoded = idna.encode('a')\n")
    code = (
        "from manyfest.adapters.http_registry.transport.slim_httpx import httpx;"
        "import idna; print(httpx.encoded, type(idna).__name__)"
    )
    path = {**os.environ, "PYTHONPATH": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", code], check=False, capture_output=True, text=True, env=path
    )
    assert (done.stdout, done.stderr) == ("b'a' module\n", "")
