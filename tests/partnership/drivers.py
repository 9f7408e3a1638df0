"""Drivers that misbehave on purpose."""

from collections.abc import Callable

from partnership.provisioners import DRIVERS
from partnership.provisioners.base import Done, DriverError, Measurement, Pending, Spec, State, Step


class Scripted:
    """A driver that does what its script says, call by call; then it works."""

    can = frozenset({"pause", "restore", "resize", "restart"})

    def __init__(self) -> None:
        self.script: list[Exception | Pending | Callable[[Step], None]] = []
        self.calls: list[str] = []

    def play(self, verb: str, step: Step) -> Done | Pending:
        self.calls.append(verb)
        act = self.script.pop(0) if self.script else None
        if isinstance(act, Exception):
            raise act
        if isinstance(act, Pending):
            return act
        if act is not None:
            act(step)
        step(verb)
        return Done()

    def __getattr__(self, verb: str) -> Callable[[Spec, Step, State], Done | Pending]:
        if verb not in ("create", "pause", "restore", "resize", "restart", "delete"):
            raise AttributeError(verb)
        return lambda _spec, step, _state: self.play(verb, step)

    def measure(self, spec: Spec) -> Measurement:
        return Measurement(0, 0)


def refuses(*, is_retryable: bool) -> DriverError:
    return DriverError("disk_full", "The disk is full.", is_retryable=is_retryable, detail="/dev/sda1")


def install(monkeypatch, driver: Scripted) -> Scripted:
    monkeypatch.setitem(DRIVERS, "embedded", lambda _settings: driver)
    return driver
