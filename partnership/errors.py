"""The errors of projects and partners, in the contract's words (partnership.md, "Errors")."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from accounts.errors import ApiError


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with one parameter."""

    param: str
    code: str
    message: str


class Invalid(ApiError):
    """422 `validation_error`: one entry of `errors` for each parameter at fault."""

    def __init__(self, *faults: Fault, code: str = "validation_error") -> None:
        errors = [{"param": fault.param, "code": fault.code, "message": fault.message} for fault in faults]
        message = " ".join(fault.message for fault in faults) or "The request is not valid."
        super().__init__(422, code, message, data={"errors": errors})


def not_among(param: str, allowed: Iterable[str]) -> Invalid:
    return Invalid(Fault(param, "not_allowed", f"{param} must be one of: {', '.join(allowed)}."))


class InvalidJson(ApiError):
    def __init__(self) -> None:
        super().__init__(400, "invalid_json", "The request body must be a JSON object.")


class ProjectNotFound(ApiError):
    """Unknown, deleted and somebody else's, all the same."""

    def __init__(self) -> None:
        super().__init__(404, "project_not_found", "The project was not found.")


class UserNotFound(ApiError):
    def __init__(self) -> None:
        super().__init__(404, "user_not_found", "The user was not found.")


class OperationNotFound(ApiError):
    def __init__(self) -> None:
        super().__init__(404, "operation_not_found", "The operation was not found.")


class WebhookNotFound(ApiError):
    def __init__(self) -> None:
        super().__init__(404, "webhook_not_found", "The webhook or delivery was not found.")


class OperationInProgress(ApiError):
    def __init__(self, operation_id: str) -> None:
        super().__init__(
            409,
            "operation_in_progress",
            "Another operation is running on this project. Wait until it has finished.",
            headers={"Retry-After": "5"},
            data={"operation_id": operation_id},
        )


class InvalidState(ApiError):
    def __init__(self, message: str) -> None:
        super().__init__(409, "invalid_state", message)


class VolumeShrinkRefused(Invalid):
    def __init__(self, current_gib: int, *, param: str = "volume_size_gib") -> None:
        message = f"{param} must be larger than the current {current_gib}: a volume only grows."
        super().__init__(Fault(param, "not_larger", message), code="volume_shrink_refused")


class ProvisionerUnavailable(ApiError):
    def __init__(self, *, detail: str = "", operation_id: str = "") -> None:
        super().__init__(
            503,
            "provisioner_unavailable",
            "The project's infrastructure is not available. The same request may be sent again.",
            detail=detail,
            headers={"Retry-After": "10"},
            data={"operation_id": operation_id} if operation_id else None,
        )


class ProjectLimitReached(ApiError):
    """The platform's answer; the co-branded door has its own body for it (views/co_branded.py)."""

    def __init__(self, plan_name: str, limit: int) -> None:
        super().__init__(400, "project.limit.reached", f"{plan_name} plan allows up to {limit} active projects.")
