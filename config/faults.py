"""What a start-up check finds: `config/checks.py` has the checks."""

from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class Fault:
    code: str
    what: str
    cause: str
    mend: str

    def __str__(self) -> str:
        return f"{self.code}  {self.what}\n  cause  {self.cause}\n  mend   {self.mend}"

    def as_dict(self) -> dict[str, str]:
        return asdict(self)
