"""Each page names commands; typed in a shell, they print what the page and its JSON show."""

import html
import json
import re
import shlex
from urllib.parse import quote

import pytest

from tests.support.content.fleet import APP, SHOP

_COMMAND = re.compile(r'<p class="command"><span>[^<]*</span> <code>(manyfest .*?)</code>')
_WORD = re.compile("</?span>")  # around an option, whose dashes must not end a line
_LIST, _IMAGE, _STATED = f"{APP}:1.0", f"{APP}:amd64", f"{APP}:stated"
_PAST = f"/compare?a={quote(APP + ':1.0@{1}')}&b={APP}:1.0"


def part(document, members):
    """Return the members of ``document`` that a command's answer has."""
    return {name: document[name] for name in members}


def same(printed, page):
    return printed == part(page, printed)


def tags_of(page):
    return {tag["reference"] for group in page["groups"] for tag in group["tags"]}


def without_undo(states):
    return [{name: one[name] for name in one if name != "undo"} for one in states]


def homes(rows):
    """Return the number of tags by home, as pages name it."""
    marks = {"oci": "oci:"}
    return {
        marks.get(one["registry"], f"{one['registry']}/") + one["repository"]: one["tags"]
        for one in rows
    }


def listed(page, *members):
    return [tuple(one[name] for name in members) for one in page]


# A page, and for each of its commands, what its --json must have in common with that of the page.
PAGES = {
    "/": (
        lambda rows, page: len(rows) == sum(one["tags"] for one in page["repositories"]),
        lambda rows, page: homes(rows) == dict(listed(page["repositories"], "name", "tags")),
    ),
    f"/repositories/{APP}": (
        lambda rows, page: {one["reference"] for one in rows} == tags_of(page),
    ),
    f"/manifests/{_LIST}": (same, lambda printed, page: printed["findings"] == page["findings"]),
    f"/manifests/{SHOP}:twice": (
        same,
        lambda printed, page: printed["findings"] == page["findings"] != [],
    ),
    f"/manifests/{_LIST}?platform=linux/arm64": (
        same,
        lambda printed, page: printed["findings"] == page["findings"],
        lambda printed, page: printed == page["pulled"]["digest"],
    ),
    f"/manifests/{_IMAGE}": (
        same,
        lambda printed, page: (
            {one["digest"] for one in printed["sharing"]["nearest"]}
            >= {one["digest"] for images in page["sharers"].values() for one in images}
        ),
    ),
    f"/history/{_LIST}": (lambda rows, page: rows == without_undo(page["states"]),),
    f"/attached/{_STATED}": (lambda printed, page: printed == page["documents"],),
    f"/attached/{_STATED}?platform=linux/amd64": (
        lambda printed, page: printed == page["documents"],
        lambda printed, page: printed == page["sbom"]["packages"],
        lambda printed, page: printed == page["provenance"]["facts"],
    ),
    _PAST: (lambda printed, page: printed == page["comparison"],),
    "/compare": (),
    "/drafts": (lambda rows, page: rows == page["drafts"],),
    f"/drafts/{APP}:next": (same,),
    "/store": (
        lambda printed, page: printed == page["statistics"],
        lambda printed, page: printed["damaged"] == [],
    ),
    "/search": (),
    "/search?q=latest": (
        lambda rows, page: (
            {one["reference"] for one in rows} == {one["reference"] for one in page["tags"]}
        ),
    ),
    "/search?q=nothing-of-this": (lambda rows, page: rows == page["tags"] == [],),
    "/search?q=curl+8": (lambda rows, page: rows == page["packages"] != [],),
    "/search?q=cur": (lambda rows, page: rows == page["packages"] != [],),
    "/search?q=git.example": (
        lambda rows, page: (
            listed(rows, "manifest", "name", "value")
            == listed(page["texts"], "digest", "name", "value")
        ),
    ),
}


def commands_of(text):
    found = (html.unescape(_WORD.sub("", each)) for each in _COMMAND.findall(text))
    return [
        words for words in map(shlex.split, found) if "cosign" not in words and words[1] != "undo"
    ]


def answer(manyfest, words):
    ran = manyfest(*words[1:])
    assert ran.code in {0, 8}, ran.stderr
    return ran.stdout.decode()


@pytest.fixture(autouse=True)
def _store(monkeypatch, fleet):
    monkeypatch.setenv("MANYFEST_STORE", str(fleet))


@pytest.mark.parametrize("path", PAGES)
def test_the_commands_of_a_page_print_its_answer(client, manyfest, path):
    commands = commands_of(client.get(path).text)
    assert commands
    for words in commands:
        assert answer(manyfest, words)
    page = client.get(path, accept="application/json").json()
    for words, holds in zip(commands, PAGES[path], strict=bool(PAGES[path])):
        as_json = () if words[1] == "digest" else ("--json",)
        printed = answer(manyfest, [*words, *as_json])
        assert holds(json.loads(printed) if as_json else printed.strip(), page), (words, printed)


def digest_in(client, path, *members):
    found = client.get(path, accept="application/json").json()
    for member in members:
        found = json.loads(found)[member] if isinstance(found, str) else found[member]
    return found


@pytest.mark.parametrize(
    ("path", "members"),
    [
        (f"/manifests/{_LIST}", ("digest",)),
        (f"/manifests/{_LIST}", ("entries", 0, "digest")),
        (f"/manifests/{_IMAGE}", ("text", "config", "digest")),
        (f"/attached/{_STATED}", ("documents", 0, "digest")),
    ],
)
def test_the_bytes_of_a_page_about_content_are_printed(client, manyfest, path, members):
    found = digest_in(client, path, *members)
    who, printing = commands_of(client.get(f"/content/{found}").text)
    assert answer(manyfest, who)
    assert answer(manyfest, printing) == digest_in(client, f"/content/{found}", "text")


def test_a_layer_without_bytes_has_the_command_that_tells_who_needs_it(client, manyfest):
    layer = digest_in(client, f"/manifests/{_IMAGE}", "layers", 0, "digest")
    (who,) = commands_of(client.get(f"/content/{layer}").text)
    assert answer(manyfest, who)


def test_every_page_leads_to_its_json(client):
    for path in PAGES:
        link = re.search(r'href="([^"]*)" type="application/json"', client.get(path).text)
        address = path.split("?")[0] + html.unescape(link[1])
        shown = client.get(address).json()
        asked = client.get(path, accept="application/json").json()
        for answered in (shown, asked):
            answered.pop("freeSpace", None)  # other programs write between the two
        assert shown == asked


@pytest.mark.parametrize("kind", ["content", "manifests", "repositories", "history", "attached"])
def test_a_kind_without_a_subject_is_no_page(client, kind):
    assert client.get(f"/{kind}").status_code == 404
