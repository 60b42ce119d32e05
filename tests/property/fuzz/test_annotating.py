"""Whatever follows ``annotate``'s options: values, or a refusal for the person."""

from contextlib import suppress

from hypothesis import given
from hypothesis import strategies as st

from manyfest.cli.arguments.option_values import annotations, split_csv
from manyfest.cli.process.pflag import UsageError
from manyfest.domain.errors import InputError

TEXTS = st.text() | st.lists(st.sampled_from("ab=,\"'\n\r\0 \\\u2028\u00e4"), max_size=12).map(
    "".join
)


@given(st.lists(TEXTS, max_size=3))
def test_any_annotation_is_a_pair_or_refused(texts: list[str]) -> None:
    with suppress(UsageError):
        pairs = annotations(texts)
        assert [f"{key}={value}" for key, value in pairs] == texts
        assert all(key and "=" not in key for key, _ in pairs)


@given(st.lists(TEXTS, max_size=3))
def test_any_list_of_features_is_read_or_refused(texts: list[str]) -> None:
    with suppress(InputError):
        assert all(isinstance(feature, str) for feature in split_csv("os-features", texts))


@given(st.lists(st.text("ab ", min_size=1), min_size=1))
def test_commas_separate_features(features: list[str]) -> None:
    assert split_csv("os-features", [",".join(features)]) == tuple(features)
