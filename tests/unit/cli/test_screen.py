"""A stream's width and colours: of a terminal, a file, and by variables and the option."""

import fcntl
import io
import os
import pty
import struct
import termios

import pytest

from manyfest.cli import output
from manyfest.cli.output import Screen, choose_color, screen_of, stdout_screen, write_view


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NO_COLOR", "FORCE_COLOR", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(output, "_color_mode", "auto")


def test_a_file_has_no_width_and_no_colour() -> None:
    screen = screen_of(io.StringIO())
    assert (screen.width, screen.has_color) == (None, False)
    assert screen_of(None).width is None


def test_a_terminal_tells_its_width() -> None:
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 123, 0, 0))
    with os.fdopen(theirs, "w") as stream:
        assert (screen_of(stream).width, screen_of(stream).has_color) == (123, True)
    os.close(ours)


@pytest.mark.parametrize(("columns", "width"), [("66", 66), ("0", 80), ("wide", 80), ("", 80)])
def test_columns_is_believed_and_80_is_usual(
    monkeypatch: pytest.MonkeyPatch, columns: str, width: int
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    assert screen_of(Terminal()).width == width


@pytest.mark.parametrize(
    ("variables", "option", "on_terminal", "in_file"),
    [
        ({}, "auto", True, False),
        ({"NO_COLOR": "1"}, "auto", False, False),
        ({"NO_COLOR": ""}, "auto", True, False),
        ({"FORCE_COLOR": "1"}, "auto", True, True),
        ({"FORCE_COLOR": "0"}, "auto", False, False),
        ({"NO_COLOR": "1", "FORCE_COLOR": "1"}, "auto", False, False),
        ({"TERM": "dumb"}, "auto", False, False),
        ({"TERM": "dumb", "FORCE_COLOR": "1"}, "auto", True, True),
        ({"NO_COLOR": "1"}, "always", True, True),
        ({"FORCE_COLOR": "1"}, "never", False, False),
    ],
)
def test_colours_follow_option_variables_and_terminal(
    monkeypatch: pytest.MonkeyPatch,
    variables: dict[str, str],
    option: str,
    *,
    on_terminal: bool,
    in_file: bool,
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    choose_color(option)
    assert screen_of(Terminal()).has_color is on_terminal
    assert screen_of(io.StringIO()).has_color is in_file


def test_a_view_keeps_our_styles_and_escapes_all_other_controls(
    capfdbinary: pytest.CaptureFixture[bytes],
) -> None:
    ours = Screen(has_color=True).paint("no", "error")
    write_view([f"{ours} \x1b[8mhidden\x1b]0;title\x07", "b\x9b31m"])
    assert capfdbinary.readouterr().out == (
        b"\x1b[1;31mno\x1b[0m \\u001b[8mhidden\\u001b]0;title\\u0007\nb\\u009b31m\n"
    )


def test_errors_are_red_on_a_terminal_only(monkeypatch: pytest.MonkeyPatch) -> None:
    for stream, start in (
        (Terminal(), "\x1b[1;31merror:\x1b[0m x\\x1b"),
        (io.StringIO(), "error: x"),
    ):
        monkeypatch.setattr("sys.stderr", stream)
        output.fail("x\x1b[31m")
        assert stream.getvalue().startswith(start)


def test_a_line_is_written_with_its_end_in_one_piece(monkeypatch: pytest.MonkeyPatch) -> None:
    """A signal between the two would leave a line without its end; a thread, two lines in one."""
    pieces: list[str] = []
    stream = io.StringIO()
    monkeypatch.setattr(stream, "write", pieces.append)
    monkeypatch.setattr("sys.stderr", stream)
    output.note("interrupted")
    output.write_traceback(ValueError("odd"))
    assert pieces == ["note: interrupted\n", "ValueError: odd\n"]


def test_stdout_is_the_screen_of_results(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdout", Terminal())
    assert stdout_screen().width == 80
