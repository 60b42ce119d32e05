"""Secrets in text from servers."""

import pytest

from manyfest.adapters.http_registry.auth.masking import masked

SECRET = 'p+ss/"w\\rd é?'


@pytest.mark.parametrize(
    "text",
    {
        "as it is": SECRET,
        "base64": "cCtzcy8id1xyZCDDqT8=",
        "base64 for URLs, without padding": "cCtzcy8id1xyZCDDqT8",
        "in a URL": "p%2Bss%2F%22w%5Crd%20%C3%A9%3F",
        "in a form": "p%2Bss%2F%22w%5Crd+%C3%A9%3F",
        "in JSON": 'p+ss/\\"w\\\\rd \\u00e9?',
        "in JSON, not ASCII alone": 'p+ss/\\"w\\\\rd é?',
        "in JSON for HTML pages": 'p+ss\\/\\"w\\\\rd \\u00e9?',
        "in HTML": "p+ss/&quot;w\\rd é?",
        "in HTML by number": "p+ss/&#34;w\\rd é?",
        "as Python writes it": 'p+ss/"w\\\\rd é?',
        "cut": 'p+ss/"w\\…',
    }.values(),
)
def test_a_secret_is_masked_in_every_usual_form(text):
    shown = masked(f"before {text} after", [SECRET])
    assert shown.startswith("before ***")
    assert shown.endswith(" after")
    assert "ss" not in shown


def test_a_secret_in_lower_case_is_masked():
    assert masked("application/hunter/two", ["Hunter/TWO"]) == "application/***"


@pytest.mark.parametrize("secret", ["", "a", "abc"])
def test_what_is_shorter_than_a_word_is_no_reason_to_hide_words(secret):
    assert masked("a text of abc words", [secret]) == "a text of abc words"


def test_the_longest_secret_goes_first():
    assert masked("secret-two", ["secret", "secret-two"]) == "***"
