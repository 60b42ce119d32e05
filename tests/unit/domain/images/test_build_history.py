"""The steps that built an image, as a Dockerfile has them."""

import pytest

from manyfest.domain.images.build_history import BuildStep, build_steps, sizes_of
from manyfest.domain.images.configuration import moment

# What builders write, and the instruction.
COMMANDS = {
    "classic metadata": ('/bin/sh -c #(nop)  CMD ["sh"]', 'CMD ["sh"]'),
    "classic copy": ("/bin/sh -c #(nop) ADD file:1 in / ", "ADD file:1 in /"),
    "classic run": ("/bin/sh -c apt-get update", "RUN apt-get update"),
    "BuildKit run": ("RUN /bin/sh -c apt-get update # buildkit", "RUN apt-get update"),
    "BuildKit copy": ("COPY . /app # buildkit", "COPY . /app"),
    "arguments": (
        "RUN |1 A=x /bin/sh -c make # buildkit",
        "RUN |1 A=x /bin/sh -c make",
    ),
    "another shell": ("RUN /bin/bash -c make # buildkit", "RUN /bin/bash -c make"),
    "podman": ("/bin/sh -c #(nop) ENV A=b", "ENV A=b"),
    "anything": ("bazel build ...", "bazel build ..."),
}


@pytest.mark.parametrize(("command", "instruction"), COMMANDS.values(), ids=COMMANDS.keys())
def test_the_instruction_is_that_of_the_dockerfile(command: str, instruction: str) -> None:
    (step,) = build_steps([{"created_by": command}], moment)
    assert step == BuildStep(instruction)


def test_steps_without_a_layer_have_no_size_and_the_others_that_of_their_layer() -> None:
    steps = (BuildStep("ADD"), BuildStep("ENV", makes_layer=False), BuildStep("RUN"))
    assert sizes_of(steps, [10, 20]) == (10, 0, 20)


def test_no_size_is_guessed_where_layers_and_steps_do_not_fit() -> None:
    steps = (BuildStep("ADD"), BuildStep("ENV", makes_layer=False))
    assert sizes_of(steps, [10, 20]) == (None, 0)
    assert sizes_of((), [10]) == ()


def test_what_is_no_step_is_left_out() -> None:
    odd = [None, 1, {"created_by": 7, "created": "x", "comment": []}, {"comment": "imported"}]
    assert build_steps(odd, moment) == (BuildStep(""), BuildStep("", comment="imported"))
    assert build_steps("history", moment) == ()
