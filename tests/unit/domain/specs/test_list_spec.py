import pytest

from manyfest.domain.descriptors import Descriptor
from manyfest.domain.digests import Digest
from manyfest.domain.errors import UnsupportedPlatformError
from manyfest.domain.platforms import Platform
from manyfest.domain.references import Reference
from manyfest.domain.specs.list_spec import EntrySpec, entries_from_template

TEMPLATES = {
    "manifest-tool's": ("foo/bar-ARCHVARIANT:v1", "linux/arm/v5", "foo/bar-armv5:v1"),
    "no variant": ("foo/bar-ARCHVARIANT:v1", "linux/amd64", "foo/bar-amd64:v1"),
    "all three": ("foo/OS-ARCH-VARIANT", "linux/arm/v7", "foo/linux-arm-v7"),
    "none": ("foo/bar:v1", "linux/amd64", "foo/bar:v1"),
    "the first of two": ("foo/ARCH:ARCH", "linux/amd64", "foo/amd64:ARCH"),
}


@pytest.mark.parametrize(("template", "platform", "written"), TEMPLATES.values(), ids=TEMPLATES)
def test_a_template_is_filled_in(template: str, platform: str, written: str) -> None:
    wanted = Platform.parse(platform)
    entry = EntrySpec(written, Reference.parse(written), wanted)
    assert entries_from_template(template, [wanted], Reference.parse) == (entry,)


def test_what_a_spec_says_is_laid_over_and_its_features_replace_those_found() -> None:
    said = Platform("windows", "amd64", "v2", "10.0", ("b",))
    spec = EntrySpec("a", Reference.parse("a"), said, (("k", "v"),))
    found = Platform("linux", "arm", "v7", "1", ("a",))
    listed = spec.overrides.applied_to(Descriptor("a/b", Digest.of(b"a"), 1, found))
    assert (listed.platform, listed.annotations) == (said, {"k": "v"})


def test_what_a_spec_does_not_say_stays_as_it_was_found() -> None:
    found = Descriptor("a/b", Digest.of(b"a"), 1, Platform("linux", "arm", "v7", "1", ("a",)))
    assert EntrySpec("a", Reference.parse("a")).overrides.applied_to(found) is found


def test_a_platform_that_nothing_runs_on_is_refused() -> None:
    with pytest.raises(UnsupportedPlatformError, match="linux/x86_64"):
        entries_from_template("a-ARCH", [Platform("linux", "x86_64")], Reference.parse)
