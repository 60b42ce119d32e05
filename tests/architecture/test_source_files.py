"""The sources: introduced, short, finished, and worded as agreed."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOLDERS = ("domain", "adapters", "store", "assembly", "cli", "library")
MODULES = [file for name in FOLDERS for file in sorted((ROOT / name).rglob("*.py"))]
TEXTS = [
    *MODULES,
    *sorted((ROOT / "tests").rglob("*.py")),
    *sorted(file for folder in ("ADR", "docs") for file in (ROOT / folder).rglob("*.md")),
    *sorted(ROOT.glob("*.md")),
    *sorted(file for folder in (".ci", ".github") for file in (ROOT / folder).rglob("*.*")),
    ROOT / "pyproject.toml",
]
LONGEST = 300  # lines
MOST = 15  # modules in a folder
ONE_IDEA = {ROOT / "domain" / "errors.py"}  # the whole tree in one file (ADR 0007)
SENTENCE = re.compile(r"\S.*\.")
# A docstring is a noun phrase or an imperative; a question may begin with these.
RIDDLE = re.compile(r"(?:What|Who|Whoever|Of|Where|Which|How)\b(?!.*\?)")
MAPPED = re.compile(r"^[-*] ([\w/`, ]+):", re.MULTILINE)  # a row of a map, up to its names' end
OPTION = re.compile(r"(?<![\w-])--[a-z]")
# Docker's own sentence (ADR 0007), and flags of instructions in Dockerfiles.
FOREIGN_OPTIONS = {
    ("errors.py", "refusing to amend an existing manifest list with no --amend flag: "),
    ("dockerfiles.py", r"--platform=(\S+)"),
    ("dockerfiles.py", r"--from=(\S+)"),
    ("dockerfiles.py", r"--mount=(\S+)"),
}
UNFINISHED = re.compile(r"\b(?:T[O]DO|F[I]XME|X[X]X)\b")  # spelled so as not to find itself


def test_every_module_says_in_one_sentence_what_it_holds():
    assert [file for file in MODULES if not SENTENCE.fullmatch(introduction(file))] == []


def test_no_module_is_long():
    lengths = {file: len(file.read_text().splitlines()) for file in MODULES if file not in ONE_IDEA}
    assert {file: length for file, length in lengths.items() if length > LONGEST} == {}


def test_no_docstring_begins_with_a_relative_clause():
    assert [text for file in MODULES for text in docstrings(file) if RIDDLE.match(text)] == []


def test_every_folder_maps_its_rooms():
    folders = {file.parent for file in MODULES}
    assert [folder for folder in folders if not (folder / "__init__.py").exists()] == []
    crowded = {folder: len(list(folder.glob("[!_]*.py"))) for folder in folders}
    assert {folder: count for folder, count in crowded.items() if count > MOST} == {}


def test_maps_name_what_is_in_their_folders():
    folders = [ROOT, *sorted({file.parent for file in MODULES})]
    assert {folder: wrong for folder in folders if (wrong := differences_of_map(folder))} == {}


def test_a_map_that_differs_from_its_folder_is_found(tmp_path):
    (tmp_path / "__init__.py").write_text(
        '"""Room.\n\n- ``gone``: here\n- ``kept_on``: stays\n"""\n'
    )
    (tmp_path / "kept.py").touch()
    (tmp_path / "kept_on.py").touch()
    assert differences_of_map(tmp_path) == {"gone", "kept"}


def test_nothing_is_left_for_later():
    assert [file for file in TEXTS if UNFINISHED.search(file.read_text())] == []


@pytest.mark.parametrize(("start", "end"), [("TO", "DO"), ("FIX", "ME"), ("XX", "X")])
def test_what_is_left_for_later_would_be_found(start, end):
    assert UNFINISHED.search(f"x = 1  # {start}{end}: more")


def test_texts_outside_the_command_line_name_no_option_of_it():
    library = [file for file in MODULES if file.relative_to(ROOT).parts[0] != "cli"]
    named = {(file.name, text) for file in library for text in option_texts(file.read_text())}
    assert named - FOREIGN_OPTIONS == set()
    assert FOREIGN_OPTIONS - named == set()


def test_options_in_texts_are_found_and_those_in_docstrings_are_not():
    source = (
        '''"""Of --a."""\nx = f"{1}: use --b-c"\ny = "--- a--b"\ndef f():\n    """Of --d."""\n'''
    )
    assert list(option_texts(source)) == [": use --b-c"]


def option_texts(source: str) -> list[str]:
    """The texts in ``source`` that name an option, but for texts that are statements."""
    tree = ast.parse(source)
    alone = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    texts = (node for node in ast.walk(tree) if isinstance(node, ast.Constant))
    return [
        text.value
        for text in texts
        if isinstance(text.value, str) and id(text) not in alone and OPTION.search(text.value)
    ]


def docstrings(file: Path) -> list[str]:
    """The docstrings of the module, its classes and functions."""
    nodes = ast.walk(ast.parse(file.read_text()))
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef)
    texts = (ast.get_docstring(node) for node in nodes if isinstance(node, documented))
    return [text for text in texts if text]


def differences_of_map(folder: Path) -> set[str]:
    """The names that only the map of ``folder`` has, or only the folder; none without a map."""
    text = ast.get_docstring(ast.parse((folder / "__init__.py").read_text())) or ""
    if not (first := MAPPED.search(text)):
        return set()
    modules = {file.stem for file in folder.glob("*.py")} - {"__init__", "__main__"}
    rooms = {file.parent.name for file in folder.glob("*/__init__.py")}
    named = {name for row in MAPPED.findall(text) for name in re.findall(r"\w+", row)}
    mapped = set(re.findall(r"\w+", text[first.start() :]))
    return (modules | rooms) - mapped | named - modules - rooms - {"and"}


def introduction(file: Path) -> str:
    """The first paragraph of the module's docstring, in one line."""
    docstring = ast.get_docstring(ast.parse(file.read_text())) or ""
    return docstring.partition("\n\n")[0].replace("\n", " ")
