import pytest

from manyfest.adapters.manifest_tool.spec_yaml import read_specs
from manyfest.domain.drafts.draft import ListType
from manyfest.domain.errors import SpecError
from manyfest.domain.platforms import Platform
from manyfest.domain.references import Reference
from manyfest.domain.specs.list_spec import EntrySpec, ListSpec

ref = Reference.parse


def read(text: str | bytes) -> tuple[ListSpec, ...]:
    data = text if isinstance(text, bytes) else text.encode()
    return read_specs(data, "spec.yaml", ref)


def problems(text: str | bytes) -> list[str]:
    with pytest.raises(SpecError) as caught:
        read(text)
    return list(caught.value.problems)


def test_the_sample_of_manifest_tool_is_read() -> None:
    (spec,) = read("""\
image: myprivreg:5000/someimage:latest
tags: ["1.0.0", "1.0", "1"]
manifests:
  -
    image: myprivreg:5000/someimage:arm64
    platform:
      architecture: arm64
      os: linux
  -
    image: myprivreg:5000/someimage:amd64
    platform:
      architecture: amd64
      os: linux
""")
    name = ref("myprivreg:5000/someimage:latest")
    assert spec == ListSpec(
        "myprivreg:5000/someimage:latest",
        name,
        tuple(
            EntrySpec(f"{name.home}:{arch}", name.tagged(arch), Platform("linux", arch))
            for arch in ("arm64", "amd64")
        ),
        more_tags=(name.tagged("1.0.0"), name.tagged("1.0"), name.tagged("1")),
    )


def test_all_that_can_be_said_is_read() -> None:
    (spec,) = read("""\
type: oci
image: r.example/l:1
annotations: {z: "", a: true}
manifests:
- image: r.example/w:1
  platform: {os: windows, architecture: amd64, osversion: 10.0.1, osfeatures: [win32k]}
  annotations: {build: 0x10}
- image: r.example/w:2
  platform: {os: windows, architecture: amd64, os.version: 10.0.2, os.features: [win32k]}
- image: r.example/w:3
  platform:
""")
    assert (spec.list_type, spec.annotations) == (ListType.OCI, (("a", "true"), ("z", "")))
    platforms = [entry.platform for entry in spec.entries]
    assert platforms == [
        Platform("windows", "amd64", "", "10.0.1", ("win32k",)),
        Platform("windows", "amd64", "", "10.0.2", ("win32k",)),
        Platform(),
    ]
    assert spec.entries[0].annotations == (("build", "0x10"),)


def test_a_tag_that_looks_like_a_number_keeps_its_zeros() -> None:
    (spec,) = read("image: r.example/l:1\ntags: [1.10, 2024-01-01]\nmanifests: [{image: a}]")
    assert [tag.tag for tag in spec.more_tags] == ["1.10", "2024-01-01"]


def test_a_list_may_name_its_own_tag_again() -> None:
    (spec,) = read("image: a:1\ntags:\n- 1\nmanifests: [{image: x}]")
    assert spec.more_tags == (spec.target,)


def test_every_document_that_is_not_empty_is_a_list() -> None:
    one, other = (f"image: {name}\nmanifests: [{{image: x}}]\n" for name in ("a:1", "b:1"))
    found = read(f"---\n{one}---\n---\n{other}---\n")
    assert [spec.written for spec in found] == ["a:1", "b:1"]


FAULTS = {
    "unknown key of a list": (
        "image: a\nmanifest: []\nmanifests: [{image: x}]",
        ["2: manifest: unknown key"],
    ),
    "unknown key of an entry": (
        "image: a\nmanifests:\n- image: x\n- image: y\n  platfrom: {os: linux}",
        ["5: manifests[1].platfrom: unknown key"],
    ),
    "unknown key of a platform": (
        "image: a\nmanifests:\n- image: x\n  platform:\n    arch: arm",
        ["5: manifests[0].platform.arch: unknown key"],
    ),
    "key twice": ("image: a\nimage: b\nmanifests: [{image: x}]", ["2: image: occurs twice"]),
    "no image": ("tags: [a]\nmanifests: [{image: x}]", ["1: image: missing or empty"]),
    "image is null": ("image: ~\nmanifests: [{image: x}]", ["1: image: missing or empty"]),
    "image is a list": ("image: [a]\nmanifests: [{image: x}]", ["1: image: not a string"]),
    "no reference": (
        "image: a\nmanifests:\n- image: x y",
        ["3: manifests[0].image: invalid reference format: 'x y'"],
    ),
    "list named by digest": (
        f"image: a@sha256:{'0' * 64}\nmanifests: [{{image: x}}]",
        ["1: image: a list is named by a tag, not by a digest"],
    ),
    "no entries": ("image: a\nmanifests: []", ["2: manifests: missing or empty"]),
    "manifests is a mapping": ("image: a\nmanifests: {image: x}", ["2: manifests: not a list"]),
    "no tag": (
        "image: a\ntags: [x, r/y:z]\nmanifests: [{image: x}]",
        ["2: tags[1]: not a tag: 'r/y:z'"],
    ),
    "type": (
        "image: a\ntype: oic\nmanifests: [{image: x}]",
        ["2: type: not auto, docker or oci: 'oic'"],
    ),
    "half a platform": (
        "image: a\nmanifests:\n- image: x\n  platform: {os: linux}",
        ["4: manifests[0].platform: unsupported os/arch combination: linux/"],
    ),
    "annotation is a mapping": (
        "image: a\nannotations:\n  k: {}\nmanifests: [{image: x}]",
        ["3: annotations.k: missing or empty"],
    ),
    "two lists of one name": (
        "image: a:1\nmanifests: [{image: x}]\n---\nimage: a:2\ntags:\n- 1\nmanifests: [{image: x}]",
        ["6: tags[0]: published by the list at line 1, too"],
    ),
    "several, in the order of their lines": (
        "manifests:\n- image: 'x:'\n  k: v\nimage: a\ntag: x",
        [
            "2: manifests[0].image: invalid reference format: 'x:'",
            "3: manifests[0].k: unknown key",
            "5: tag: unknown key",
        ],
    ),
    "a merge": ("image: a\n<<: {k: v}\nmanifests: [{image: x}]", ["2: <<: unknown key"]),
    "another language's object": (
        "image: !!python/name:os.system a\nmanifests: [{image: x}]",
        ["1: image: not a string"],
    ),
    "syntax": ("image: a\ntags: [a\nb: c", ["3:2: expected ',' or ']', but got ':'"]),
    "an alias": ("image: &a x\ntags: [*a]", ["2:8: aliases are not read here"]),
    "bytes that are no text": (b"image: a\n\xff", ["2: not UTF-8"]),
    "a control character": ("image: a\n\x01", ["2: a character that YAML does not allow"]),
    "nothing": ("# nothing\n---\n", ["1: declares no list"]),
}


@pytest.mark.parametrize(("text", "expected"), FAULTS.values(), ids=FAULTS.keys())
def test_a_fault_is_told_by_file_line_and_key(text: str | bytes, expected: list[str]) -> None:
    assert problems(text) == [f"spec.yaml:{each}" for each in expected]


def test_what_is_nested_without_end_is_refused() -> None:
    assert problems("[" * 100_000) == ["spec.yaml: nested too deeply"]
