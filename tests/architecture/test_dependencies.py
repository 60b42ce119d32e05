"""Behaviour of dependencies that we lean on and that nobody documents, one test for each.

A new version that behaves in another way fails here, by the name of what changed, and not as a
strange error of ours. The module that leans on it is named in each test.
"""

import io
import sqlite3
import ssl
import subprocess
import sys
import tarfile
from contextlib import suppress

import httpcore
import pytest
import yaml
import zstandard
from cattrs import BaseValidationError, transform_error

from manyfest.adapters.cattrs_converter import strict_converter
from manyfest.adapters.http_registry.session.transport_errors import CERTIFICATE_WANTED
from manyfest.adapters.http_registry.transport.keep_alive import is_disconnect
from manyfest.adapters.http_registry.transport.proxy_pools import status_in
from manyfest.adapters.http_registry.transport.tls import unverified_context
from manyfest.cli.arguments.options import INSECURE, TIMEOUT, docker_command
from manyfest.cli.process.help import command_help
from manyfest.store.sqlite.errors import is_interruption
from tests.support.http.certificates import LOOPBACK, self_signed
from tests.support.http.forward_proxy import ForwardProxy
from tests.support.http.raw_server import COMPLAINT, RawServer, reply


def test_httpx_lives_without_its_command_line():
    """``httpx`` falls back where ``httpx._main`` cannot be imported (transport/slim_httpx)."""
    code = (
        "import sys; sys.modules['httpx._main'] = None; import httpx;"
        "print(callable(httpx.main), httpx.Client.__name__)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "True Client\n"


def test_httpcore_traces_each_connection_that_it_opens_and_no_kept_one():
    """The extension ``trace``, its event, and ``network_stream`` (transport/keep_alive)."""
    events: list[str] = []
    with (
        RawServer(lambda *_: reply(200), None, COMPLAINT) as server,
        httpcore.ConnectionPool() as pool,
    ):
        for opened in (1, 0):
            events.clear()
            trace = {"trace": lambda event, _details: events.append(event)}
            response = pool.request("GET", f"http://{server.host}/", extensions=trace)
            assert events.count("connection.connect_tcp.started") == opened
            assert "network_stream" in response.extensions


@pytest.mark.parametrize("answer", [None, b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"])
def test_httpcore_and_h11_say_of_a_lost_connection_that_it_ended(answer):
    """Words of ``RemoteProtocolError`` (transport/keep_alive, ``is_disconnect``)."""

    def answer_and_close(_request, connection):
        if answer is not None:
            connection.sendall(answer)

    with (
        RawServer(answer_and_close, None, COMPLAINT) as server,
        httpcore.ConnectionPool() as pool,
        pytest.raises(httpcore.RemoteProtocolError) as caught,
    ):
        pool.request("GET", f"http://{server.host}/")
    assert is_disconnect(caught.value)


def test_httpcore_begins_the_text_of_a_proxys_refusal_with_its_status():
    """``str(ProxyError)`` (transport/proxy_pools, ``status_in``)."""
    with (
        ForwardProxy({}) as proxy,
        httpcore.HTTPProxy(f"http://{proxy.host}") as pool,
        pytest.raises(httpcore.ProxyError) as caught,
    ):
        pool.request("GET", "https://registry.test/")
    assert status_in(str(caught.value)) == 502


def test_a_refusal_without_a_status_is_a_bad_gateways():
    assert status_in("no words that we know") == 502


def test_openssl_names_the_alert_of_a_server_that_wants_a_certificate(tmp_path):
    """``SSLError.reason`` (session/transport_errors, ``CERTIFICATE_WANTED``)."""
    certificate = self_signed(tmp_path, LOOPBACK)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(certificate.file, certificate.key)
    server.verify_mode = ssl.CERT_REQUIRED
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = unverified_context().wrap_bio(to_client, to_server)
    peer = server.wrap_bio(to_server, to_client, server_side=True)
    with suppress(ssl.SSLWantReadError):
        client.do_handshake()
    with suppress(ssl.SSLWantReadError):
        peer.do_handshake()
    client.do_handshake()  # of TLS 1.3: the client does not know yet
    with pytest.raises(ssl.SSLError):
        peer.do_handshake()
    with pytest.raises(ssl.SSLError) as caught:
        client.read(1)
    assert any(words in caught.value.reason for words in CERTIFICATE_WANTED)


def test_sqlite3_names_a_callback_that_raised():
    """Its only sign of a signal in a callback (store/sqlite/errors, ``is_interruption``)."""

    def interrupted() -> None:
        raise KeyboardInterrupt

    connection = sqlite3.connect(":memory:")
    connection.create_function("interrupted", 0, interrupted)
    with pytest.raises(sqlite3.OperationalError) as caught:
        connection.execute("SELECT interrupted()")
    connection.close()
    assert is_interruption(caught.value)


def test_tarfile_reads_one_header_and_tells_where_the_next_one_is():
    """``TarFile.offset`` and ``TarInfo.fromtarfile`` (bundles/tar_members)."""
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        for name in ("a", "b"):
            member = tarfile.TarInfo(name)
            member.size = 600
            tar.addfile(member, io.BytesIO(bytes(600)))
    archive.seek(0)
    tar = tarfile.TarFile(fileobj=archive, mode="r")
    assert tar.next().name == "a"  # type: ignore[union-attr]
    assert tar.offset == 3 * tarfile.BLOCKSIZE
    archive.seek(tar.offset)
    info = tarfile.TarInfo.fromtarfile(tar)
    assert (info.name, info.offset_data, tar.offset) == ("b", 4 * 512, 6 * 512)


def test_typer_writes_the_help_of_a_function_with_a_signature_of_ours():
    """``get_help``, ``metavar``, and no types beside metavars (cli/process/help)."""
    command = docker_command("test", "LIST...", options=INSECURE | TIMEOUT | {"jobs"})(
        lambda names, options: None
    )
    assert command_help(command, "manyfest test").splitlines() == [
        "Usage: manyfest test [OPTIONS] LIST...",
        "",
        "Options:",
        "  --insecure         Allow unverified TLS certificates and plain HTTP.",
        "  --jobs N           Maximum number of parallel requests (1-256).  [env var:",
        "                     MANYFEST_JOBS; default: 32]",
        "  --timeout SECONDS  Give up after this time (10, 10s, 2m).  [default: 120,",
        "                     layers excepted]  [env var: MANYFEST_TIMEOUT]",
        "  -h, --help         Show this message and exit.",
    ]


def test_cattrs_says_which_member_is_of_which_wrong_type():
    """The words of ``transform_error`` (registries_conf/tables)."""
    with pytest.raises(BaseValidationError) as caught:
        strict_converter().structure({"a": 5}, dict[str, str])
    assert transform_error(caught.value) == ["invalid value for type, expected str @ $['a']"]


def test_the_error_of_zstandard_has_its_name():
    """Known by name, since only zstd files load the library (bundles/compression)."""
    damaged = zstandard.ZstdCompressor().compress(b"content" * 99)[:-4] + b"four"
    with pytest.raises(Exception, match="zstd") as caught:
        zstandard.ZstdDecompressor().stream_reader(io.BytesIO(damaged[:6] + b"\xff" * 9)).read()
    assert type(caught.value).__name__ == "ZstdError"


def test_pyyaml_composes_each_node_by_methods_that_a_loader_may_replace():
    """``compose_node`` and ``compose_scalar_node`` (manifest_tool/yaml_nodes)."""
    composed: list[str] = []

    class Loader(yaml.SafeLoader):
        def compose_node(self, parent, index):  # type: ignore[no-untyped-def]
            composed.append("alias" if self.check_event(yaml.AliasEvent) else "node")
            return super().compose_node(parent, index)

        def compose_scalar_node(self, anchor):  # type: ignore[no-untyped-def]
            composed.append("scalar")
            return super().compose_scalar_node(anchor)

    loader = Loader("[&a x, *a]")
    assert loader.check_node()  # type: ignore[no-untyped-call]
    loader.get_node()
    assert composed == ["node", "node", "scalar", "alias"]
