"""How far a long command is, on a terminal and in a log."""

import io

from accounts.progress import Progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def counted(out, seconds_each):
    times = iter(range(10**6))
    with Progress("Looking", 30, out, clock=lambda: next(times) * seconds_each) as looking:
        for _ in range(30):
            looking.step()
    return out.getvalue()


def test_a_log_gets_a_line_every_ten_seconds():
    lines = counted(io.StringIO(), 4.0).splitlines()
    assert len(lines) > 5
    assert lines[0].startswith("Looking: 3 of 30, ")
    assert lines[0].endswith(" s left")


def test_what_is_over_soon_says_nothing_in_a_log():
    assert counted(io.StringIO(), 0.1) == ""


def test_a_terminal_gets_a_bar_that_counts(monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    assert "30/30" in counted(Terminal(), 0.1)
