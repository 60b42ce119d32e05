"""Images of Dockerfiles: stages, arguments, platforms, mounts, and what only looks like one."""

import pytest

from manyfest.domain.image_uses.dockerfiles import images_in_dockerfile, is_dockerfile
from manyfest.domain.image_uses.image_use import ImageUse, replaced


def uses(text: str) -> list[tuple[str, int]]:
    return [(use.name, use.line) for use in images_in_dockerfile(text)]


FULL = """\
# syntax=docker/dockerfile:1.7
ARG GO=1.23 DISTRO="alpine"
ARG BASE=golang:${GO}-${DISTRO}
# FROM commented:out
FROM --platform=$BUILDPLATFORM ${BASE} AS build
ARG GO=9.9
RUN --mount=type=bind,from=tools/lint:2,source=/x,target=/y \\
    # a comment within
    go build \\
    -o /app
COPY <<EOF /etc/motd
FROM not/an:image
EOF
FROM --platform=linux/arm64 busybox:1.36@sha256:abc AS rest
from build AS again
COPY --from=build /app /app
COPY --from=0 /app /app
COPY --chown=1 --from=nginx:1.27 /etc/nginx /etc/nginx
FROM scratch
COPY --from=REST / /
"""


def test_all_images_of_a_file_are_found_on_their_lines():
    assert uses(FULL) == [
        ("docker/dockerfile:1.7", 1),
        ("golang:1.23-alpine", 5),
        ("tools/lint:2", 7),
        ("busybox:1.36@sha256:abc", 14),
        ("nginx:1.27", 18),
    ]


def test_a_stated_platform_counts_and_one_of_the_build_does_not():
    platforms = {use.name: use.platform for use in images_in_dockerfile(FULL)}
    assert platforms["golang:1.23-alpine"] == ""
    assert platforms["busybox:1.36@sha256:abc"] == "linux/arm64"


def test_an_argument_without_a_default_is_a_fault():
    [use] = images_in_dockerfile("ARG BASE\nFROM $BASE:1\n")
    assert use == ImageUse("$BASE:1", 2, fault="the variable BASE has no default")


def test_another_escape_character_continues_lines():
    assert uses("# escape=`\nFROM `\n  mcr.example/windows:1\n") == [("mcr.example/windows:1", 2)]


@pytest.mark.parametrize(
    "text", ["", "RUN x", "FROM", "FROM a b c d", "COPY --from= /a /b", "\x00"]
)
def test_what_is_no_use_is_none(text):
    assert uses(text) == []


@pytest.mark.parametrize(
    ("text", "variables", "result"),
    [
        ("a:$V", {"V": "1"}, ("a:1", "")),
        ("a:${V:-2}", {}, ("a:2", "")),
        ("a:${V:-2}", {"V": ""}, ("a:2", "")),
        ("a:${V-2}", {"V": ""}, ("a:", "")),
        ("a${V:+:x}", {"V": "1"}, ("a:x", "")),
        ("a${V:+:x}", {}, ("a", "")),
        ("a:$$V", {}, ("a:$V", "")),
        ("${A:-${B:-b}}:1", {}, ("b:1", "")),
        ("$V$V", {"V": "$V$V"}, ("$V$V$V$V", "")),
    ],
)
def test_variables_are_replaced_once(text, variables, result):
    assert replaced(text, variables) == result


@pytest.mark.parametrize(
    ("text", "is_one"),
    [("# x\n\nfrom a\n", True), ("ARG X=1\n", True), ("fromage:1\n", False), ("a:1\n", False)],
)
def test_a_dockerfile_is_known_by_its_first_instruction(text, is_one):
    assert is_dockerfile(text) is is_one


@pytest.mark.parametrize(
    "line",
    [
        "RUN echo $((1 << 2))",
        'RUN echo "a <<b c"',
        "RUN cat <<< word",
        "RUN <<EOF\nFROM not/an:image\nEOF",
        "COPY <<\"A\" <<'B' /x/\nFROM not/one:1\nA\nFROM not/one:2\nB",
        "RUN cat <<-EOT > /x && true\n\tFROM not/one:3\n\tEOT",
        "RUN cat 3<<END-1\nFROM not/one:4\nEND-1",
    ],
)
def test_only_a_heredoc_hides_what_follows(line):
    assert uses(f"FROM a:1\n{line}\nCOPY --from=b:1 / /\n")[1:] == [("b:1", line.count("\n") + 3)]


def test_a_stage_that_needs_a_variable_or_a_pattern_is_a_row_that_says_so():
    text = "ARG V=v1\nFROM ${BASE:?give a BASE}\nFROM debian:${V#v}\nFROM ${V:+alpine}\n"
    first, second, third = images_in_dockerfile(text)
    assert first.fault == "the variable BASE has no default"
    assert "${V#v} has a pattern" in second.fault
    assert third == ImageUse("alpine", 4)
