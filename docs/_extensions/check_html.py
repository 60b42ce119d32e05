"""Check built pages without a network: links, anchors and images lead somewhere, nothing is loaded.

usage: python check_html.py FOLDER
"""

import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit


class _Page(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.names: set[str] = set()
        self.links: list[str] = []
        self.loaded: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        self.names.add(values.get("id") or "")
        if tag == "a" and values.get("href"):
            self.links.append(values["href"] or "")
        if tag in {"script", "img", "link"}:
            self.loaded.append(values.get("src") or values.get("href") or "")


def _faults(folder: Path) -> Iterator[str]:
    pages = {file: _Page(file.read_text()) for file in folder.rglob("*.html")}
    for file, page in pages.items():
        for link in (*page.links, *page.loaded):
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                if link in page.loaded:
                    yield f"{file}: loads {link} from elsewhere"
                continue
            target = (file.parent / unquote(parts.path)).resolve() if parts.path else file
            if not target.exists() or (
                target in pages and unquote(parts.fragment) not in {"", *pages[target].names}
            ):
                yield f"{file}: no {link}"


if __name__ == "__main__":
    faults = sorted(_faults(Path(sys.argv[1]).resolve()))
    print("\n".join(faults), end="\n" if faults else "")
    sys.exit(bool(faults))
