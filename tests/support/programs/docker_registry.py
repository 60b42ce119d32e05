"""The real distribution registry (Debian's ``docker-registry``, 2.8.2) on loopback."""

import http.client
import secrets
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from attrs import frozen

from tests.support.http.certificates import Certificate
from tests.support.programs.programs import require_program

_READY_WITHIN = 120.0  # seconds; alone it takes 0.1
_PORTS_TRIED = 5

# The header proves that the answer is ours and not that of another server that got the port first.
_INSTANCE = "X-Test-Instance"

_CONFIGURATION = """\
version: 0.1
log:
  level: error
  accesslog: {{disabled: true}}
storage:
  filesystem: {{rootdirectory: "{folder}/data"}}
  delete: {{enabled: true}}
validation:
  manifests:
    urls: {{allow: [".*"]}} # it refuses layers that live elsewhere otherwise
http:
  addr: "127.0.0.1:{port}"
  secret: "{instance}"
  headers: {{{header}: ["{instance}"]}}
"""
_TLS = """\
  tls: {{certificate: "{certificate.file}", key: "{certificate.key}", clientcas: [{clients}]}}
"""
_TOKENS = """\
auth:
  token:
    realm: "{0.realm}"
    service: "{0.service}"
    issuer: "{0.issuer}"
    rootcertbundle: "{0.bundle}"
"""
_HTPASSWD = """\
auth:
  htpasswd: {{realm: "Registry Realm", path: "{file}"}}
"""


_running: dict[str, Path] = {}  # the folder of each, by its host


@frozen
class TokenRules:
    """Whose tokens a registry takes: the server at ``realm``, by the certificate in ``bundle``."""

    realm: str
    service: str
    issuer: str
    bundle: Path


@frozen
class RunningRegistry:
    """A registry that answers: ``host`` is ``127.0.0.1:PORT``, ``folder`` has its log and data."""

    host: str
    folder: Path
    certificate: Certificate | None = None
    client: Certificate | None = None

    @property
    def url(self) -> str:
        """The origin, such as ``http://127.0.0.1:5000``."""
        return f"http{'s' if self.certificate else ''}://{self.host}"


@contextmanager
def running_registry(
    folder: Path,
    *,
    login: tuple[str, str] | None = None,
    tokens: TokenRules | None = None,
    certificate: Certificate | None = None,
    client: Certificate | None = None,
    more: str = "",
    port: int = 0,
) -> Iterator[RunningRegistry]:
    """A registry with its files in ``folder``, ended when the block is left, however it is left.

    ``login`` is a user and password to ask for (Basic, bcrypt); ``tokens`` makes it want bearer
    tokens of a token server; ``certificate`` makes it speak TLS,
    and with ``client`` only to who has that certificate. ``more`` is added to its configuration.
    ``port`` is that of a registry that was ended before; else it gets a free one.
    """
    program = require_program("docker-registry")
    folder.mkdir(parents=True, exist_ok=True)
    for _ in range(_PORTS_TRIED):
        at, instance = port or free_port(), secrets.token_hex(8)
        configuration = _configure(folder, at, instance, login, tokens, certificate, client)
        with configuration.open("a") as file:
            file.write(more)
        with (folder / "log").open("ab") as log:
            process = subprocess.Popen([program, "serve", configuration], stdout=log, stderr=log)
        try:
            registry = RunningRegistry(f"127.0.0.1:{at}", folder, certificate, client)
            if _becomes_ready(process, registry, instance):
                _running[registry.host] = folder
                yield registry
                return
        finally:
            _running.pop(f"127.0.0.1:{at}", None)
            _end(process)
    raise RuntimeError(f"docker-registry does not start: {(folder / 'log').read_text()[-2000:]}")


def storage_of(host: str) -> Path | None:
    """Return the folder of what the registry at ``host`` keeps, if it is one that we run."""
    folder = _running.get(host)
    return folder / "data" / "docker" / "registry" / "v2" if folder else None


def _configure(
    folder: Path,
    port: int,
    instance: str,
    login: tuple[str, str] | None,
    tokens: TokenRules | None,
    certificate: Certificate | None,
    client: Certificate | None,
) -> Path:
    text = _CONFIGURATION.format(folder=folder, port=port, instance=instance, header=_INSTANCE)
    if certificate is not None:
        clients = f'"{client.file}"' if client else ""
        text += _TLS.format(certificate=certificate, clients=clients)
    if login is not None:
        text += _HTPASSWD.format(file=_password_file(folder, *login))
    if tokens is not None:
        text += _TOKENS.format(tokens)
    file = folder / "config.yml"
    file.write_text(text)
    return file


def _password_file(folder: Path, user: str, password: str) -> Path:
    command = [require_program("htpasswd"), "-Bbn", user, password]
    file = folder / "htpasswd"
    file.write_bytes(subprocess.run(command, check=True, capture_output=True, timeout=300).stdout)
    return file


def free_port() -> int:
    with closing(socket.create_server(("127.0.0.1", 0))) as probe:
        return probe.getsockname()[1]


def _becomes_ready(
    process: subprocess.Popen[bytes], registry: RunningRegistry, instance: str
) -> bool:
    """True once the registry answers; False when it ended, as it does when its port was taken."""
    deadline = time.monotonic() + _READY_WITHIN
    while time.monotonic() < deadline:
        if process.poll() is not None:
            return False
        if _instance_at(registry) == instance:
            return True
        time.sleep(0.02)
    raise TimeoutError(f"docker-registry does not answer within {_READY_WITHIN} s")


def _instance_at(registry: RunningRegistry) -> str | None:
    if registry.certificate is None:
        connection = http.client.HTTPConnection(registry.host, timeout=5)
    else:
        trust = ssl.create_default_context(cafile=registry.certificate.file)
        if registry.client:
            trust.load_cert_chain(registry.client.file, registry.client.key)
        connection = http.client.HTTPSConnection(registry.host, timeout=5, context=trust)
    with closing(connection):
        try:
            connection.request("GET", "/v2/")
            return connection.getresponse().getheader(_INSTANCE)
        except (OSError, http.client.HTTPException):
            return None


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(timeout=5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
