"""The verbs of a driver: plain values in, plain values out, no model and no transaction.

Every verb may be called again at any time, after a try of itself that was cut off at any
point, and after it succeeded: it then finishes what is missing or finds nothing to do.
`tests/partnership/provisioners/test_contract.py` is the contract of this file.

A verb calls `step` before each thing that it does. `step` keeps the worker's lease alive and
raises when the operation is no longer this worker's; a driver lets that exception through.
Between two steps at most STEP_SECONDS may pass.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

STEP_SECONDS = 20

Step = Callable[[str], None]
State = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Spec:
    """A project as it shall be after the verb."""

    project_id: str  # canonical UUID
    appkey: str
    region: str
    instance_type: str
    connection_limit: int
    volume_size_gib: int
    service_version: str
    environment: str
    api_key: str
    # Who asked, as OSB's originating identity and the driver's own log want it.
    originator: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Done:
    """The verb has its end. `host` (with scheme) only from drivers with hosts of their own."""

    host: str = ""
    credentials: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Pending:
    """It goes on elsewhere: call the verb again with `state`, `poll_seconds` from now."""

    state: State
    poll_seconds: float


@dataclass(frozen=True, slots=True)
class Measurement:
    database_bytes: int
    storage_bytes: int


class DriverError(Exception):
    """A verb that did not reach its end. `message` may be shown to partners, `detail` only logged."""

    def __init__(self, code: str, message: str, *, is_retryable: bool, detail: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.is_retryable = is_retryable
        self.detail = detail


class Busy(DriverError):
    """Somebody else still holds the project, maybe a slow worker that lost its lease: no attempt was made."""

    def __init__(self, message: str = "The project is busy.") -> None:
        super().__init__("provisioner_busy", message, is_retryable=True)


class Driver(ABC):
    """`can`: the verbs that it has besides create, delete and measure."""

    can: frozenset[str] = frozenset({"pause", "restore", "resize", "restart"})

    def __init__(self, settings: Mapping[str, object]) -> None:
        self.settings = settings

    @abstractmethod
    def reach(self) -> None:
        """Whether a verb could begin: raises DriverError where what it needs does not answer. Changes nothing."""

    @abstractmethod
    def create(self, spec: Spec, step: Step, state: State) -> Done | Pending: ...

    @abstractmethod
    def pause(self, spec: Spec, step: Step, state: State) -> Done | Pending:
        """Nobody gets in any more, and who is in is put out; the data stays."""

    @abstractmethod
    def restore(self, spec: Spec, step: Step, state: State) -> Done | Pending: ...

    @abstractmethod
    def resize(self, spec: Spec, step: Step, state: State) -> Done | Pending: ...

    @abstractmethod
    def restart(self, spec: Spec, step: Step, state: State) -> Done | Pending: ...

    @abstractmethod
    def delete(self, spec: Spec, step: Step, state: State) -> Done | Pending:
        """Also of what was never made or only half: nothing of it is left afterwards."""

    @abstractmethod
    def measure(self, spec: Spec) -> Measurement:
        """Raises DriverError where there is nothing to measure."""
