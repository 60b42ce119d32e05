"""The histories of two images side by side."""

import json

from manyfest.contracts.images import oci_image
from manyfest.domain import media_types
from manyfest.domain.comparison.steps import Step, side_by_side, steps_of
from manyfest.domain.descriptors import Descriptor
from manyfest.domain.digests import Digest
from tests.support.content.described import built_image, image_of


def layer(text: str, size: int = 10) -> Descriptor:
    return Descriptor(media_types.OCI_LAYER, Digest.of(text.encode()), size)


def step(command: str, text: str = "") -> Step:
    return Step(command, layer(text or command))


def shown(before: list[Step], after: list[Step]) -> list[str]:
    pairs = side_by_side(before, after)
    return [f"{pair.status} {(pair.after or pair.before).instruction}" for pair in pairs]


def test_layers_of_one_digest_belong_together_and_others_by_their_command() -> None:
    before = [step("base"), step("RUN a", "a1"), step("RUN b", "b1")]
    after = [step("base"), step("RUN a", "a2"), step("RUN new"), step("RUN b", "b2")]
    assert shown(before, after) == ["same base", "changed RUN a", "added RUN new", "changed RUN b"]


def test_a_step_that_was_inserted_below_moves_none_of_those_above() -> None:
    above = [step(f"RUN {number}") for number in range(30)]
    found = shown([step("base"), *above], [step("base"), step("COPY x"), *above])
    assert found[:2] == ["same base", "added COPY x"]
    assert found[2:] == [f"same RUN {number}" for number in range(30)]


def test_the_checksum_in_a_command_is_not_part_of_it() -> None:
    before, after = (step(f"ADD file:{digit * 64} in /", digit) for digit in "ab")
    assert shown([before], [after]) == [f"changed ADD file:{'b' * 64} in /"]


def test_other_commands_are_removed_and_added() -> None:
    assert shown([step("RUN a")], [step("RUN b")]) == ["removed RUN a", "added RUN b"]


def test_layers_of_unknown_commands_are_not_taken_for_one_step() -> None:
    one, other = Step("", layer("one")), Step("", layer("other"))
    assert shown([one], [other]) == ["removed ", "added "]


def test_a_step_without_a_layer_is_compared_by_its_command() -> None:
    assert shown([Step("ENV A=1"), step("x")], [Step("ENV A=2"), step("x")]) == [
        "removed ENV A=1",
        "added ENV A=2",
        "same x",
    ]


def test_histories_too_long_to_be_compared_cost_little_and_lose_nothing() -> None:
    before = [step(f"RUN {number}", f"a{number}") for number in range(2_000)]
    after = [step(f"RUN {number}", f"b{number}") for number in reversed(range(2_000))]
    found = shown([step("base"), *before, step("end")], [step("base"), *after, step("end")])
    assert found[0] == "same base"
    assert found[-1] == "same end"
    assert len(found) == 4_002


def test_steps_are_those_of_the_history_with_their_layers() -> None:
    image = built_image()
    found = steps_of(image.manifest, image.blobs[0])
    assert [one.instruction.split()[0] for one in found] == ["ADD", "CMD", "RUN", "ENV"]
    assert [one.layer is not None for one in found] == [True, False, True, False]


def test_a_history_of_another_length_is_not_believed() -> None:
    config = json.dumps({"history": [{"created_by": "RUN a"}]}).encode()
    found = steps_of(image_of(config).manifest, config)
    assert [(one.instruction, one.layer is not None) for one in found] == [("", True)] * 2


def test_the_layer_of_an_artifact_goes_by_its_title() -> None:
    image = oci_image()
    document = dict(image.manifest.document)
    title = {"org.opencontainers.image.title": "model.bin"}
    document["layers"] = [document["layers"][0] | {"annotations": title}]
    data = json.dumps(document).encode()
    manifest = type(image.manifest)(image.manifest.media_type, data)
    assert [one.instruction for one in steps_of(manifest, None)] == ["model.bin"]
