"""docs/reliability.md says what each fault came to."""

from tests import reliability_report

GOOD = {
    "fault": "kill -9 of Redis",
    "requests": 90,
    "failed": {"503": 7},
    "longest outage": 0.4,
    "slowest": 1.5,
    "lost": {},
    "doubled": {},
    "half done": {},
    "odd": [],
    "times": 3,
}


def test_a_fault_is_a_line():
    line = reliability_report.line(GOOD)
    assert line == "| kill -9 of Redis, 3 times | 90 | 503 7 | 0.4 s | 1.5 s | 0 | 0 | whole |\n"


def test_what_is_lost_fails_the_report():
    assert reliability_report.is_whole(GOOD)
    assert not reliability_report.is_whole({**GOOD, "lost": {"events": 1}})


def test_the_page_is_of_a_run_without_losses():
    lines = [line for line in reliability_report.PAGE.read_text().splitlines() if line.endswith(("whole |", "|"))]
    faults = lines[2 : lines.index(next(line for line in lines if line.startswith("| when ")))]
    assert len(faults) >= 15
    assert all(line.endswith("| 0 | 0 | whole |") for line in faults)
