"""Peak memory while an image with one large layer is copied.

An image in a layout is copied as a user would: to a registry, from there to another, and to a
layout. Each copy is a process of its own; its peak is the kernel's ``ru_maxrss``. The suite uses
half a gibibyte; ``python tests/benchmarks/large_layer.py [GIBIBYTES] [FOLDER]`` uses any size, and
needs three times that in FOLDER.
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random

sys.path.insert(0, str(Path(__file__).parents[2]))

from manyfest.adapters.oci_layout.registry import LayoutRegistry
from manyfest.contracts.images import push_blob
from manyfest.domain import media_types
from manyfest.domain.digests import Digest
from manyfest.domain.manifests import Manifest
from manyfest.domain.references import Layout, Reference
from tests.benchmarks.cases import MANYFEST, Case, FailedError
from tests.benchmarks.measurements import Row, duration
from tests.support.programs.docker_registry import running_registry

MEBIBYTE = 1024 * 1024
_NAME, _MEBIBYTES = "large-layer", 512

# A small process in between, because a spawned process starts with the peak of its parent.
_PEAK_OF = """\
import os, sys
pid = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ)
_, status, usage = os.wait4(pid, 0)
print(usage.ru_maxrss)
sys.exit(status != 0)
"""
CONFIG = b'{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":[]}}'


def chunks(mebibytes: int) -> Iterator[bytes]:
    """Yield MiB chunks of pseudo-random bytes, the same each time."""
    random = Random(0)
    block = random.randbytes(MEBIBYTE)
    for number in range(mebibytes):
        yield number.to_bytes(8, "big") + block[8:]


def make_image(reference: Reference, mebibytes: int) -> None:
    """Make an image with one layer of this size."""
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


def measured_copy(route: str, source: str, target: str, store: Path) -> Row:
    """Copy in a process of its own; return its time and peak memory."""
    command = [sys.executable, "-S", "-c", _PEAK_OF, MANYFEST, "copy", source, target]
    environment = os.environ | {"MANYFEST_STORE": str(store)}
    before = time.monotonic()
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    seconds = time.monotonic() - before
    if ended.returncode:
        raise FailedError(ended.stderr)
    peak = int(ended.stdout.splitlines()[-1]) / 1024
    return Row(_NAME, f"manyfest copy, {route}", seconds, note=f"peak {peak:.0f} MiB")


def copies(mebibytes: int, folder: Path) -> Iterator[Row]:
    """Make the image, and copy it from one place to the next."""
    layout, store = Layout(str(folder / "layout")), folder / "store.db"
    make_image(Reference(layout, "1"), mebibytes)
    with running_registry(folder / "one") as one:
        made, first = f"{layout}:1", f"{one.host}/app:1"
        yield measured_copy("layout to registry", made, first, store)
        shutil.rmtree(layout.directory)
        with running_registry(folder / "two") as two:
            yield measured_copy("registry to registry", first, f"{two.host}/app:1", store)
        yield measured_copy("registry to layout", first, f"oci:{folder / 'out'}:1", store)


CASES = (
    Case(
        _NAME,
        f"the copy of an image with a layer of {_MEBIBYTES} MiB",
        (),
        runs=1,
        prepare=lambda site: copies(_MEBIBYTES, site.folder),
        baseline="",
    ),
)

if __name__ == "__main__":
    size, place = (*sys.argv[1:], *("2", tempfile.gettempdir())[len(sys.argv) - 1 :])
    with tempfile.TemporaryDirectory(dir=place) as work:
        for row in copies(int(float(size) * 1024), Path(work)):
            print(f"{row.tool}: {duration(row.seconds)}, {row.note}", flush=True)
