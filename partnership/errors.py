"""The errors of projects and partners, in the contract's words (partnership.md, "Errors")."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.translation import gettext_noop

from accounts.errors import ApiError


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with one parameter."""

    param: str
    code: str
    message: str


class Invalid(ApiError):
    """422 `validation_error`: one entry of `errors` for each parameter at fault."""

    status, code = 422, "validation_error"
    message = "A parameter has a value that is not allowed."
    mend = (
        "Mend the parameters that `errors` names: the sentence of each says what is wrong. What is allowed stands "
        "there, or in the API reference."
    )

    def __init__(self, *faults: Fault) -> None:
        errors = [{"param": fault.param, "code": fault.code, "message": fault.message} for fault in faults]
        super().__init__(" ".join(fault.message for fault in faults), data={"errors": errors})


def not_among(param: str, allowed: Iterable[str]) -> Invalid:
    return Invalid(Fault(param, "not_allowed", f"{param} must be one of: {', '.join(allowed)}."))


class VolumeShrinkRefused(Invalid):
    code = "volume_shrink_refused"
    message = "A volume only grows."
    mend = "Ask for more GiB than the project has, or leave the size out."

    def __init__(self, current_gib: int, *, param: str = "volume_size_gib") -> None:
        message = f"{param} must be larger than the current {current_gib}: a volume only grows."
        super().__init__(Fault(param, "not_larger", message))


class InvalidJson(ApiError):
    status, code = 400, "invalid_json"
    message = "The request body must be a JSON object."
    mend = "Send a JSON object, or no body where none is needed."


class InvalidCredentials(ApiError):
    """One answer for absent, unknown, expired and another partner's: ids can't be probed."""

    status, code = 401, "invalid_credentials"
    message = "The partnership secret is missing, wrong or expired."
    mend = "Send a live secret of this partner in `X-Partnership-Secret`, or ask for a new one."


class PartnerDisabled(ApiError):
    status, code = 403, "partner_disabled"
    message = gettext_noop("This partnership is switched off. Contact support.")
    mend = "Contact support: no call works until then."


class WrongPartnershipType(ApiError):
    status, code = 403, "wrong_partnership_type"
    message = gettext_noop("This endpoint belongs to the other type of partnership.")
    mend = "Use the calls of your own type: co-branded or white-label."


class SecretLacksScope(ApiError):
    status, code = 403, "insufficient_scope"
    message = "This secret lacks the scope of the call."
    mend = "Use a secret that has the scope, or ask for one."

    def __init__(self, scope: str) -> None:
        super().__init__(f"This secret lacks the scope {scope}.")


class AddressNotAllowed(ApiError):
    status, code = 403, "address_not_allowed"
    message = "This secret may not be used from this address."
    mend = "Call from an address on the secret's list, or have the list changed."


class PartnerInMaintenance(ApiError):
    status, code = 503, "partner_in_maintenance"
    message = gettext_noop("This partnership is under maintenance: only reading works for now.")
    mend = "Send the same request again after `Retry-After` seconds."
    retry_after_seconds = 300


class IdempotencyInProgress(ApiError):
    """The first is still running, or another worker has just taken over what the first left behind."""

    status, code = 409, "idempotency_in_progress"
    message = "The first request with this Idempotency-Key is still running."
    mend = "Send the same request again after `Retry-After` seconds: it gets the first one's answer."
    retry_after_seconds = 2


class IdempotencyKeyReused(ApiError):
    status, code = 422, "idempotency_key_reused"
    message = "This Idempotency-Key was used with another request."
    mend = "Use a new key for each new request, and the same one only to repeat a request unchanged."


class ProjectNotFound(ApiError):
    """Unknown, deleted and somebody else's, all the same."""

    status, code = 404, "project_not_found"
    message = gettext_noop("The project was not found.")
    mend = "Take the id from the list of projects: a deleted one is not in it."


class UserNotFound(ApiError):
    """Unknown, and who is not linked or has cut the link: all the same."""

    status, code = 404, "user_not_found"
    message = "The user was not found."
    mend = "Call `connect-user`; somebody who cut the link has to agree again by the mail that it sends."


class OperationNotFound(ApiError):
    status, code = 404, "operation_not_found"
    message = gettext_noop("The operation was not found.")
    mend = "Take the id from `operation_id` or `Location` of the call that began it."


class WebhookNotFound(ApiError):
    status, code = 404, "webhook_not_found"
    message = gettext_noop("The webhook or delivery was not found.")
    mend = "Take the id from the list of webhooks, or of the webhook's deliveries."


class OperationInProgress(ApiError):
    status, code = 409, "operation_in_progress"
    message = gettext_noop("Another operation is running on this project. Wait until it has finished.")
    mend = "Wait until the operation that `operation_id` names has finished, then try again."
    retry_after_seconds = 5

    def __init__(self, operation_id: str) -> None:
        super().__init__(data={"operation_id": operation_id})


class InvalidState(ApiError):
    status, code = 409, "invalid_state"
    message = "The project, operation or webhook is in a state that does not allow this."
    mend = "Read its state and do what the sentence says; the same request fails until the state has changed."


class ProvisionerUnavailable(ApiError):
    status, code = 503, "provisioner_unavailable"
    message = gettext_noop("The project's infrastructure is not available. The same request may be sent again.")
    mend = "Send the same request again after `Retry-After` seconds."
    retry_after_seconds = 10

    def __init__(self, *, detail: str = "", operation_id: str = "") -> None:
        super().__init__(detail=detail, data={"operation_id": operation_id} if operation_id else None)


class ProjectLimitReached(ApiError):
    """The platform's answer; the co-branded door has its own body for it (views/co_branded.py)."""

    status, code = 400, "project.limit.reached"
    message = "The plan allows no more active projects."
    mend = "Pause or delete a project, or upgrade the plan."

    def __init__(self, plan_name: str, limit: int) -> None:
        super().__init__(f"{plan_name} plan allows up to {limit} active projects.")
