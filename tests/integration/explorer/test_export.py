"""The pages as files: all of them, with links that lead somewhere inside."""

import json
import re
from html import unescape
from pathlib import Path
from urllib.parse import unquote

import pytest

from manyfest.cli.explorer.library import open_library
from manyfest.cli.explorer.links import Address, file_of
from manyfest.cli.explorer.pages.attached import attached
from manyfest.domain.references import Reference
from tests.support.content.fleet import APP, HOSTILE, LAYOUT

_LINK = re.compile(r'(?:href|src)="([^"#]*)"')


def test_every_link_leads_to_a_file_of_the_site(site):
    pages = list(site.rglob("*.html"))
    assert len(pages) > 30
    for page in pages:
        for link in _LINK.findall(page.read_text()):
            target = (page.parent / unquote(unescape(link))).resolve()
            assert target.is_file(), (page, link)
            assert target.is_relative_to(site.resolve())


def test_each_page_has_its_answer_for_programs_beside_it(site):
    page = site / file_of(Address("manifests", f"{APP}:1.0"))
    assert "linux/arm64" in page.read_text()
    found = json.loads(page.with_suffix(".json").read_text())
    assert [item["platform"] for item in found["entries"]] == ["linux/amd64", "linux/arm64"]
    assert len(list(site.rglob("*.json"))) == len(list(site.rglob("*.html"))) - 1  # index.html


def test_homes_that_one_page_leaves_out_are_not_named_on_the_next(settings):
    with open_library(settings) as library:
        library.left_out.add(Reference.parse("r.example/other").home)
        assert attached(f"{APP}:1.0", {}, library).data["leftOut"] == []


def test_pages_ask_nothing_of_anybody(site):
    for page in site.rglob("*.html"):
        text = page.read_text()
        assert "<form" not in text, page
        assert "http://" not in text.replace("http://www.w3.org", ""), page
        assert "<script>alert" not in text


@pytest.mark.parametrize(
    "subject",
    [
        *(
            "../../etc/passwd",
            "/etc/passwd",
            "..",
            ".",
            "a/../b",
            "con\x00trol",
            "a" * 900,
            "ü" * 99,
        ),
        f"{LAYOUT}:1",
        f"{HOSTILE}@sha256:{'0' * 64}",
    ],
)
def test_names_of_files_stay_in_their_folder(subject):
    path = Path(file_of(Address("manifests", subject)))
    assert len(path.parts) == 2
    assert path.parts[0] == "manifests"
    assert not {"..", "."} & set(path.parts)
    assert "\x00" not in str(path)
    assert len(path.name.encode()) < 200


def test_different_subjects_have_different_files():
    names = ["a/b", "a_b", "a=2Fb", "a:b", "A/b", "x" * 300, "x" * 299 + "y", "a&b", "a=b"]
    assert len({file_of(Address("manifests", name)) for name in names}) == len(names)


def test_the_command_writes_the_site(manyfest, fleet, tmp_path, monkeypatch):
    monkeypatch.setenv("MANYFEST_STORE", str(fleet))
    ran = manyfest("explore", "--export", tmp_path / "out")
    assert ran.code == 0, ran.stderr
    assert (tmp_path / "out" / "index.html").is_file()
    assert "pages; open" in ran.stderr


def test_a_file_is_no_place_for_a_site(manyfest, fleet, tmp_path, monkeypatch):
    monkeypatch.setenv("MANYFEST_STORE", str(fleet))
    (tmp_path / "out").write_text("mine")
    ran = manyfest("explore", "--export", tmp_path / "out")
    said = f"error: --export {tmp_path / 'out'}: this is not a folder; name another one\n"
    assert (ran.code, ran.stderr) == (1, said)
    assert (tmp_path / "out").read_text() == "mine"
