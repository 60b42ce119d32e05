"""Pages and man pages by Sphinx, from a copy of this folder (``.ci/docs``)."""

import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "docs" / "_extensions"))

project = "manyfest"
author = "The maintainers of manyfest"
release = (ROOT / "domain" / "version.py").read_text().split('"')[-2]
source_url = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["urls"]["Source"]

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "repository_pages",
    "command_pages",
    "library_page",
]
autodoc_typehints = "signature"
autodoc_typehints_format = "short"
exclude_patterns = ["_extensions"]
myst_heading_anchors = 3
myst_enable_extensions = ["deflist"]
suppress_warnings = ["myst.header", "misc.highlighting_failure"]
smartquotes = False  # options begin with two hyphens
highlight_language = "text"
repository_url = f"{source_url}/blob/main/"

html_theme = "furo"
html_title = f"manyfest {release}"
html_copy_source = False
html_static_path = ["_static"]
html_css_files = ["tables.css"]
html_favicon = "_static/favicon.svg"
html_show_search_summary = False  # a browser may not read other pages for it from file://
html_show_sphinx = False
man_show_urls = False
