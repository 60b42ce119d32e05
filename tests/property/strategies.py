"""Strategies for the domain's values, each valid by the grammar that its value states."""

import string
from datetime import UTC, datetime
from operator import attrgetter

from attrs import evolve
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from manyfest.domain import media_types
from manyfest.domain.descriptors import Descriptor
from manyfest.domain.digests import HEX_LENGTHS, Digest
from manyfest.domain.drafts.draft import Draft, Entry
from manyfest.domain.drafts.overrides import Overrides
from manyfest.domain.platforms import Platform
from manyfest.domain.references import ARCHIVE_SCHEMES, Archive, Layout, Reference, Repository

NOW = datetime(2024, 1, 1, tzinfo=UTC)
LATER = datetime(2024, 1, 2, tzinfo=UTC)

# What UTF-8 can hold: all characters but surrogates.
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)

# Text of the characters that references, digests and platforms give a meaning to.
syntax = st.text(
    string.ascii_letters + string.digits + ":/@.-_+%()[] \t\n\0\u00a0\uff41\u212a", max_size=60
)


def bare(pattern: str) -> SearchStrategy[str]:
    return st.from_regex(pattern, fullmatch=True)


# References: distribution's grammar (reference/regexp.go), in sizes that people use.

_LABEL = "[A-Za-z0-9]([A-Za-z0-9-]{0,4}[A-Za-z0-9])?"
_COMPONENT = r"[a-z0-9]{1,5}((\.|_|__|-{1,3})[a-z0-9]{1,5}){0,2}"

tags = bare("[A-Za-z0-9_][A-Za-z0-9_.-]{0,12}") | st.just("x" * 128)
ref_names = bare("[A-Za-z0-9]{1,4}(([-._:@+/]|--)[A-Za-z0-9]{1,4}){0,3}")
digests = st.builds(Digest.of, st.binary(max_size=8), st.sampled_from(sorted(HEX_LENGTHS)))
repositories = st.builds(
    Repository,
    bare(
        rf"({_LABEL}\.{_LABEL}|localhost|\[[0-9A-Fa-f]{{0,4}}::?[0-9A-Fa-f]{{0,4}}\])(:[0-9]{{1,5}})?"
    ),
    st.lists(bare(_COMPONENT), min_size=2, max_size=4).map("/".join),
)
layouts = bare(r"(/|\./)?[A-Za-z0-9_ é画@./-]{0,12}[a-z]").map(Layout)


@st.composite
def registry_references(draw: st.DrawFn) -> Reference:
    tag, digest = draw(tags | st.none()), draw(digests | st.none())
    return Reference(draw(repositories), tag if digest or tag else "latest", digest)


layout_references = st.builds(Reference, layouts, st.none() | tags | ref_names, st.none() | digests)
archives = st.builds(
    Archive, st.sampled_from(ARCHIVE_SCHEMES), layouts.map(attrgetter("directory"))
)
archive_references = st.builds(
    Reference,
    archives,
    st.none() | tags | ref_names | st.integers(0, 999).map("@{}".format),
    st.none() | digests,
)
references = registry_references() | layout_references | archive_references

# Platforms and descriptors.

words = bare(r"[A-Za-z0-9_-]{1,8}")
platforms = st.builds(
    Platform,
    os=words,
    architecture=words,
    variant=st.just("") | words,
    os_version=st.just("") | texts,
    os_features=st.lists(texts, max_size=3).map(tuple),
)

# JSON as strict readers have it: finite numbers, integers of up to 19 digits, no surrogates.
json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | texts,
    lambda values: st.lists(values, max_size=4) | st.dictionaries(texts, values, max_size=4),
    max_leaves=10,
)
json_objects = st.dictionaries(texts, json_values, max_size=5)

unknown_members = st.dictionaries(texts.map("x-{}".format), json_values, max_size=3)
annotations = st.dictionaries(texts, texts, max_size=3)


@st.composite
def descriptors(draw: st.DrawFn) -> Descriptor:
    platform, others = draw(st.none() | platforms), draw(unknown_members)
    return Descriptor(
        media_type=draw(st.sampled_from(media_types.ACCEPTED)),
        digest=draw(digests),
        size=draw(st.integers(0, 2**63 - 1)),
        platform=platform and evolve(platform, others=draw(unknown_members)),
        others=others | draw(st.fixed_dictionaries({}, optional={"annotations": annotations})),
    )


# Drafts: few names and contents, so that they meet again.

sources = st.sampled_from([Reference.parse(f"r.example/{name}:1") for name in "abc"])
overrides = st.builds(
    Overrides,
    os=st.sampled_from(["", "linux", "windows"]),
    architecture=st.sampled_from(["", "amd64", "arm"]),
    variant=st.sampled_from(["", "v6", "v7"]),
    os_version=st.sampled_from(["", "1", "2"]),
    os_features=st.lists(st.sampled_from("abc"), max_size=3).map(tuple),
    annotations=st.dictionaries(st.sampled_from("kl"), st.sampled_from("12")).map(
        lambda annotations: tuple(annotations.items())
    ),
    unset=st.lists(
        st.sampled_from(["variant", "os-version", "os-features", "annotation:k"]), unique=True
    ).map(tuple),
)


@st.composite
def found_entries(draw: st.DrawFn, source: Reference) -> list[Entry]:
    """Content of ``source``: an image, or a list whose children have distinct digests."""
    contents = draw(st.lists(st.binary(max_size=1), min_size=1, max_size=3, unique=True))
    platform = draw(platforms)
    return [
        Entry(source, Descriptor(media_types.OCI_MANIFEST, Digest.of(data), len(data), platform))
        for data in contents
    ]


@st.composite
def drafts(draw: st.DrawFn) -> Draft:
    """A draft of up to three sources, some of its entries annotated."""
    draft = Draft(Reference.parse("r.example/list:1"), NOW, NOW)
    for source in draw(st.lists(sources, unique=True)):
        entries = [
            evolve(entry, overrides=draw(overrides)) for entry in draw(found_entries(source))
        ]
        draft = draft.with_source(source, entries, NOW)
    return draft
