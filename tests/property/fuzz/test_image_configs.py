"""Image configs that are nearly right: a platform, or DocumentError."""

import json
from contextlib import suppress

from hypothesis import given

from manyfest.contracts.images import oci_image, windows_image
from manyfest.domain.errors import DocumentError
from manyfest.domain.image_configs import platform_of_config
from manyfest.domain.platforms import Platform
from tests.property.mutations import json_texts

WHOLE = [json.loads(image.blobs[0]) for image in (oci_image("linux/arm/v7"), windows_image())]


@given(json_texts(*WHOLE))
def test_a_damaged_config_tells_its_platform_or_is_refused(data: bytes) -> None:
    with suppress(DocumentError):
        platform = platform_of_config(data, "x")
        assert isinstance(platform, Platform)
        assert isinstance(str(platform), str)


def test_what_is_damaged_was_whole() -> None:
    assert str(platform_of_config(json.dumps(WHOLE[0]).encode(), "x")) == "linux/arm/v7"
