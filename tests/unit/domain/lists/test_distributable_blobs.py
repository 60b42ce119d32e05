"""The blobs that a copy has to bring along."""

import json

import pytest

from manyfest.contracts.images import oci_image
from manyfest.domain import media_types
from manyfest.domain.digests import Digest
from manyfest.domain.errors import DocumentError
from manyfest.domain.lists.distributable_blobs import (
    distributable_blobs,
    distributable_layers,
    is_distributable,
)
from manyfest.domain.manifests import Manifest

FOREIGN = {"urls": ["https://mcr.example/base"]}


def _described(name: str, **more: object) -> dict[str, object]:
    data = name.encode()
    return {
        "mediaType": media_types.OCI_LAYER,
        "digest": str(Digest.of(data)),
        "size": len(data),
        **more,
    }


def _image(*layers: object) -> Manifest:
    document = {
        "schemaVersion": 2,
        "mediaType": media_types.OCI_MANIFEST,
        "config": _described("config") | {"mediaType": media_types.OCI_CONFIG},
        "layers": layers,
    }
    return Manifest(media_types.OCI_MANIFEST, json.dumps(document).encode())


def test_a_config_comes_before_the_layers_in_their_order() -> None:
    manifest = _image(_described("b"), _described("a"))
    assert manifest.config is not None
    assert tuple(distributable_blobs(manifest)) == (manifest.config, *manifest.layers)


def test_a_layer_with_urls_is_left_out() -> None:
    manifest = _image(_described("base", **FOREIGN), _described("a"))
    assert distributable_layers(manifest) == manifest.layers[1:]
    assert tuple(distributable_blobs(manifest)) == (manifest.config, manifest.layers[1])
    assert [is_distributable(layer) for layer in manifest.layers] == [False, True]


def test_a_layer_with_an_empty_list_of_urls_is_not() -> None:
    manifest = _image(_described("a", urls=[]))
    assert distributable_layers(manifest) == manifest.layers


def test_a_layer_named_twice_is_given_twice() -> None:
    manifest = _image(_described("a"), _described("a"))
    assert len(distributable_layers(manifest)) == 2


def test_a_list_has_none() -> None:
    entry = oci_image().manifest.descriptor()
    members = {"schemaVersion": 2, "manifests": [entry.to_json()]}
    manifest = Manifest(media_types.OCI_INDEX, json.dumps(members).encode())
    assert distributable_layers(manifest) == tuple(distributable_blobs(manifest)) == ()


def test_the_config_is_given_before_malformed_layers_are_told() -> None:
    blobs = distributable_blobs(manifest := _image({"mediaType": media_types.OCI_LAYER}))
    assert next(blobs) == manifest.config
    with pytest.raises(DocumentError):
        next(blobs)
