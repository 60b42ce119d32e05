"""Properties of platforms."""

from hypothesis import given
from hypothesis import strategies as st

from manyfest.domain.errors import InvalidPlatformError
from manyfest.domain.lists.platform_normalisation import normalised
from manyfest.domain.platforms import Platform
from tests.property import strategies


class TestTextForm:
    """domain/platforms.py: "``str()`` and ``Platform.parse`` are inverses"."""

    @given(strategies.platforms)
    def test_parse_reads_back_what_str_writes(self, platform: Platform) -> None:
        assert Platform.parse(str(platform)) == platform

    @given(st.text() | strategies.syntax | strategies.syntax.map("linux({})/amd64".format))
    def test_any_text_is_a_platform_or_refused(self, text: str) -> None:
        try:
            platform = Platform.parse(text)
        except InvalidPlatformError:
            return
        assert Platform.parse(str(platform)) == platform


class TestJsonForm:
    """Platform: "members of the JSON form that we do not know; they are kept"."""

    @given(strategies.platforms, strategies.unknown_members)
    def test_from_json_reads_back_what_to_json_writes(self, platform, unknown) -> None:
        document = platform.to_json() | unknown
        read = Platform.from_json(document, "x")
        assert read == platform
        assert read.others == unknown
        assert read.to_json() == document


class TestNormalising:
    """normalised: "Doing it twice changes nothing more"."""

    @given(strategies.platforms)
    def test_twice_is_once(self, platform: Platform) -> None:
        assert normalised(normalised(platform)) == normalised(platform)

    @given(
        st.sampled_from(["linux", "macOS", "Windows"]),
        st.sampled_from(["x86_64", "AArch64", "armhf", "armel", "arm", "arm64", "amd64", "i686"]),
        st.sampled_from(["", "v1", "V8", "8", "7", "v7", "6"]),
    )
    def test_twice_is_once_for_aliases(self, os: str, architecture: str, variant: str) -> None:
        once = normalised(Platform(os, architecture, variant))
        assert normalised(once) == once
