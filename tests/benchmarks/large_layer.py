"""How much memory the copy of an image with one large layer takes; run by hand, asserts nothing.

``python tests/benchmarks/large_layer.py [GIBIBYTES] [FOLDER]`` makes such an image in a layout and
copies it as a user would: into a registry, from there to another, and into a layout. Each copy is
a process of its own, whose peak is what the kernel says (``ru_maxrss``). Needs three
times the layer's size in FOLDER, and ``docker-registry``.
"""

import hashlib
import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random

sys.path.insert(0, str(Path(__file__).parents[2]))

from manyfest.adapters.oci_layout.layout import LayoutRegistry
from manyfest.domain import media_types
from manyfest.domain.digests import Digest
from manyfest.domain.manifests import Manifest
from manyfest.domain.references import Layout, Reference
from tests.fakes.docker_registry import running_registry
from tests.fakes.images import push_blob

MEBIBYTE = 1024 * 1024
CONFIG = b'{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":[]}}'


def chunks(mebibytes: int) -> Iterator[bytes]:
    """Random bytes, the same each time."""
    random = Random(0)
    block = random.randbytes(MEBIBYTE)
    for number in range(mebibytes):
        yield number.to_bytes(8, "big") + block[8:]


def make_image(reference: Reference, mebibytes: int) -> None:
    """An image with one layer of this size."""
    hasher = hashlib.sha256()
    for chunk in chunks(mebibytes):
        hasher.update(chunk)
    layer, size = Digest("sha256", hasher.hexdigest()), mebibytes * MEBIBYTE

    @contextmanager
    def source() -> Iterator[Iterator[bytes]]:
        yield chunks(mebibytes)

    registry = LayoutRegistry()
    push_blob(registry, reference.home, CONFIG)
    registry.write_blob(reference.at(layer), size, source)
    document = {
        "schemaVersion": 2,
        "mediaType": media_types.OCI_MANIFEST,
        "config": descriptor(media_types.OCI_CONFIG, Digest.of(CONFIG), len(CONFIG)),
        "layers": [descriptor(media_types.OCI_LAYER, layer, size)],
    }
    registry.put_manifest(
        reference, Manifest(media_types.OCI_MANIFEST, json.dumps(document).encode())
    )


def descriptor(media_type: str, digest: Digest, size: int) -> dict[str, object]:
    return {"mediaType": media_type, "digest": str(digest), "size": size}


def measured(name: str, source: str, target: str) -> None:
    """Copy in a process of its own, and say what it took."""
    program = str(Path(sys.executable).parent / "manyfest")
    before = time.monotonic()
    pid = os.posix_spawn(program, [program, "copy", source, target], os.environ)
    _, status, usage = os.wait4(pid, 0)
    if status:
        sys.exit(f"{name} failed")
    seconds = time.monotonic() - before
    print(f"{name}: peak {usage.ru_maxrss / 1024:.0f} MiB, {seconds:.1f} s", flush=True)


def main(gibibytes: float, folder: Path) -> None:
    os.environ["MANYFEST_STORE"] = str(folder / "store.db")
    layout = Layout(str(folder / "layout"))
    make_image(Reference(layout, "1"), int(gibibytes * 1024))
    with running_registry(folder / "one") as one:
        made, first = f"{layout}:1", f"{one.host}/app:1"
        measured("layout to registry", made, first)
        shutil.rmtree(layout.directory)
        with running_registry(folder / "two") as two:
            measured("registry to registry", first, f"{two.host}/app:1")
        measured("registry to layout", first, f"oci:{folder / 'out'}:1")


if __name__ == "__main__":
    size, place = (*sys.argv[1:], *("2", tempfile.gettempdir())[len(sys.argv) - 1 :])
    with tempfile.TemporaryDirectory(dir=place) as work:
        main(float(size), Path(work))
