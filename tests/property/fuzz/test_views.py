"""Images and configs that are nearly right are shown all the same, in printable lines."""

import json
from contextlib import suppress

from hypothesis import given

from manyfest.adapters.memory import MemoryRegistry
from manyfest.cli.output import Screen
from manyfest.cli.rendering.show.image_text import image_lines
from manyfest.cli.rendering.show.list_tree import ViewForm, list_lines
from manyfest.cli.rendering.show.show_json import show_json
from manyfest.contracts.images import artifact, oci_image, push_blob, referrer
from manyfest.domain import media_types
from manyfest.domain.errors import DocumentError
from manyfest.domain.manifests import Manifest
from manyfest.domain.operations.resolve import Resolved
from manyfest.domain.operations.views.overview import Extent, Overview
from manyfest.domain.operations.views.show import show_image
from manyfest.domain.references import Reference
from tests.property.mutations import json_texts
from tests.support.content.described import built_image, built_index, image_of
from tests.support.ports import NOW, PlainPorts

NAME = Reference.parse("r.example/app:1")
IMAGES = [
    built_image(annotations={"a": "b"}),
    referrer(oci_image()),
    artifact(),
    *built_index("linux/amd64").children,
]
CONFIG = json.loads(built_image().blobs[0])


def require_shown(view: Overview) -> None:
    for width in (None, 20, 80):
        form = ViewForm(Screen(width), NOW, has_annotations=True, has_layers=True)
        lines = list(list_lines(view, form))
        if view.configuration is not None:
            lines += image_lines(view, view.configuration, form)
        assert all(line.isprintable() for line in lines)
    assert json.loads(show_json(view))["digest"] == str(view.manifest.digest)


@given(json_texts(*(image.manifest.document for image in IMAGES)))
def test_a_damaged_image_is_shown(data: bytes) -> None:
    with suppress(DocumentError):
        manifest = Manifest.received(data, media_types.OCI_MANIFEST, "x")
        ports = PlainPorts(records_reads=False)
        require_shown(show_image(Resolved(NAME, manifest), Extent(), ports=ports))


@given(json_texts(CONFIG))
def test_an_image_with_a_damaged_config_is_shown(config: bytes) -> None:
    ports, image = PlainPorts(registry=MemoryRegistry(), records_reads=False), image_of(config)
    push_blob(ports.registry, NAME.home, config)
    view = show_image(Resolved(NAME, image.manifest), Extent(), ports=ports)
    assert view.configuration is not None
    require_shown(view)
