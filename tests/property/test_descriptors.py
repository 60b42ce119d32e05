"""Properties of descriptors."""

import json
from contextlib import suppress

from hypothesis import given

from manyfest.domain.descriptors import Descriptor
from manyfest.domain.encoding.strict_json import parse_object
from manyfest.domain.errors import DocumentError
from tests.property import strategies


class TestJsonForm:
    """Descriptor: "``others`` holds every further member as it came, in its order"."""

    @given(strategies.descriptors())
    def test_from_json_reads_back_what_to_json_writes(self, descriptor: Descriptor) -> None:
        read = Descriptor.from_json(descriptor.to_json(), "x")
        assert read == descriptor
        assert list(read.others.items()) == list(descriptor.others.items())
        if read.platform and descriptor.platform:
            assert read.platform.others == descriptor.platform.others

    @given(strategies.descriptors())
    def test_nothing_is_lost_on_the_way_through_text(self, descriptor: Descriptor) -> None:
        document = parse_object(json.dumps(descriptor.to_json()).encode(), "x")
        assert json.dumps(Descriptor.from_json(document, "x").to_json()) == json.dumps(document)


class TestRefusal:
    """Descriptor.from_json: "Raises DocumentError", and nothing else."""

    @given(strategies.json_values, strategies.json_values, strategies.json_values)
    def test_members_of_any_type_are_a_descriptor_or_refused(self, size, platform, urls) -> None:
        document = {
            "mediaType": "x",
            "digest": "sha256:" + "0" * 64,
            "size": size,
            "platform": platform,
            "urls": urls,
            "annotations": platform,
        }
        with suppress(DocumentError):
            assert Descriptor.from_json(document, "x").size == size

    @given(strategies.json_values)
    def test_any_value_is_a_descriptor_or_refused(self, value) -> None:
        with suppress(DocumentError):
            Descriptor.from_json(value, "x")
