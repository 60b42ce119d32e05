"""Self-signed certificates for servers on loopback, made by openssl."""

import subprocess
from pathlib import Path

from attrs import frozen

from tests.support.programs.programs import require_program

LOOPBACK = ("IP:127.0.0.1", "IP:127.0.0.2", "DNS:localhost")
WRONG_NAME = ("DNS:elsewhere.test",)


@frozen
class Certificate:
    """A certificate that is its own authority, and its private key, both PEM files."""

    file: Path
    key: Path


def self_signed(folder: Path, names: tuple[str, ...] = LOOPBACK) -> Certificate:
    """A new certificate in ``folder`` for ``names``, good for a day."""
    made = Certificate(folder / "certificate.pem", folder / "key.pem")
    folder.mkdir(parents=True, exist_ok=True)
    _openssl("req", "-x509", *_NEW_KEY, *_extensions(names), *_files(made))
    return made


def expired(folder: Path, names: tuple[str, ...] = LOOPBACK) -> Certificate:
    """As ``self_signed``, but good for one day of the year 2020 only."""
    made = Certificate(folder / "certificate.pem", folder / "key.pem")
    folder.mkdir(parents=True, exist_ok=True)
    request, config = folder / "request.pem", folder / "authority.cnf"
    _openssl("req", *_NEW_KEY, *_extensions(names), "-keyout", made.key, "-out", request)
    (folder / "index.txt").touch()
    config.write_text(_AUTHORITY.format(folder=folder))
    dates = ("-startdate", "20200101000000Z", "-enddate", "20200102000000Z")
    signing = ("-config", config, "-selfsign", "-keyfile", made.key, "-in", request)
    _openssl("ca", "-batch", "-notext", *signing, *dates, "-out", made.file)
    return made


_NEW_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=test")

_AUTHORITY = """\
[ca]
default_ca = authority
[authority]
database = {folder}/index.txt
new_certs_dir = {folder}
default_md = sha256
rand_serial = yes
policy = anything
copy_extensions = copyall
[anything]
commonName = supplied
"""


def _extensions(names: tuple[str, ...]) -> tuple[str, ...]:
    usage = "keyUsage=critical,digitalSignature,keyCertSign"
    return ("-addext", f"subjectAltName={','.join(names)}", "-addext", usage)


def _files(made: Certificate) -> tuple[str | Path, ...]:
    return ("-days", "1", "-keyout", made.key, "-out", made.file)


def _openssl(*arguments: str | Path) -> None:
    command = [require_program("openssl"), *map(str, arguments)]
    subprocess.run(command, check=True, capture_output=True, timeout=300)
