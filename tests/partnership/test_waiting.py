"""Waiting for a project ends with the process that waits."""

import threading

import pytest

from partnership import waiting


@pytest.fixture
def stopping(monkeypatch):
    monkeypatch.setattr(waiting, "stopping", threading.Event())
    return waiting.stopping


def test_who_waits_while_the_process_stops_is_answered_as_if_the_time_had_passed(globex, shop, stopping, monkeypatch):
    looks = []

    def look(_seconds):
        looks.append(1)
        stopping.set()

    monkeypatch.setattr(waiting, "sleep", look)
    paused = globex.post(f"{shop}/pause", {"wait_for_completion": True})
    assert (paused.status, paused["project"]["operation_status"]) == (202, "pausing")
    assert len(looks) == 1
