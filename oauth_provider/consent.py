"""What a person allowed whom: asked, given, remembered, taken back. Source: oauth.md,
"authorize" and "What the user can do".
"""

from datetime import datetime, timedelta
from urllib.parse import urlencode

from django.conf import settings
from django.db import transaction
from django.db.models import IntegerField, UUIDField

from accounts.digests import digest
from accounts.models import User
from accounts.prepared import Parameter, Prepared, insert
from accounts.sign_ins import SignIn
from oauth_provider import codes, scopes
from oauth_provider.authorization_request import AuthorizationRequest, Query
from oauth_provider.errors import StartAgain
from oauth_provider.models import Application, Consent, DeviceGrant, PendingAuthorization, TokenFamily
from oauth_provider.opaque import is_handle


def remembered(application: Application, user: User) -> str:
    """The scopes that `user` allowed before; "" for none."""
    kept = REMEMBERED.first(application=application.pk, user=user.pk)
    return kept.scope if kept else ""


REMEMBERED = Prepared(
    lambda: Consent.objects.filter(
        application_id=Parameter("application", IntegerField()),
        user_id=Parameter("user", UUIDField()),
        is_remembered=True,
    )
)


def is_needed(request: AuthorizationRequest, scope: str) -> bool:
    """Whether the page must be shown, `scope` being what was allowed before.

    A public client's requests can come from anybody who knows its id, so a person answers
    each one (RFC 9700 section 4.13, oauth.md "authorize").
    """
    asked_to = request.prompts & {"consent", "select_account"}
    return request.application.is_public or bool(asked_to) or not scopes.includes(scope, request.scope)


def reuse(request: AuthorizationRequest, user: User, *, sign_in: SignIn, now: datetime) -> str | None:
    """A code by a remembered consent, or None if it was taken back since it was read.

    The consent's row stays locked until the code is there, so that a revocation finds it.
    """
    with transaction.atomic():
        kept = Consent.objects.select_for_update().filter(application=request.application, user=user).first()
        if kept is None or not kept.is_remembered or not scopes.includes(kept.scope, request.scope):
            return None
        return codes.issue(request, user, sign_in=sign_in, now=now)


def give(request: AuthorizationRequest, user: User, *, sign_in: SignIn, now: datetime) -> str:
    """A code by the person's own word, which is remembered. Runs in the caller's transaction."""
    remember(request.application, user, request.scope, now=now)
    return codes.issue(request, user, sign_in=sign_in, now=now)


def remember(application: Application, user: User, scope: str, *, now: datetime) -> None:
    """Adds `scope` to what `user` allowed `application`. Runs in the caller's transaction."""
    consent, _created = Consent.objects.select_for_update().get_or_create(
        application=application,
        user=user,
        defaults={"scope": scope, "created_at": now, "updated_at": now},
    )
    before = consent.scope.split() if consent.is_remembered else []
    consent.scope = scopes.join([*before, *scope.split()])
    consent.is_remembered = True
    consent.updated_at = now
    consent.save(update_fields=["scope", "is_remembered", "updated_at"])


def forget(application: Application) -> None:
    """What people allowed `application` so far is not carried over to what it became; tokens stay."""
    Consent.objects.filter(application=application).update(is_remembered=False)


@transaction.atomic
def revoke(application: Application, user: User, now: datetime) -> None:
    """Ends the remembered consent, codes and tokens of `user` for `application`, from the next request on.

    Codes before families: a code that is being redeemed is either ended here, or its family
    is there for the last statement to find.
    """
    Consent.objects.filter(application=application, user=user).delete()
    codes.end(application, user, now)
    allowed = DeviceGrant.objects.filter(application=application, user=user, used_at=None, ended_at=None)
    allowed.exclude(approved_at=None).update(ended_at=now)
    TokenFamily.objects.filter(application=application, user=user, ended_at=None).update(
        ended_at=now, end_reason=TokenFamily.EndReason.REVOKED
    )


def store(request: AuthorizationRequest, raw_query: str, *, now: datetime) -> PendingAuthorization:
    """Keeps a request while its person signs in."""
    pending = new_pending(request, raw_query, now)
    insert(pending)
    return pending


def show_to(pending: PendingAuthorization, user: User, session_key: str) -> None:
    """Ties the page that is about to be shown to the person and the browser session; keeps a new one."""
    pending.user = user
    pending.session_digest = digest(session_key)
    if pending._state.adding:
        insert(pending)
    else:
        pending.save(update_fields=["user", "session_digest"])


def new_pending(request: AuthorizationRequest, raw_query: str, now: datetime) -> PendingAuthorization:
    """A request that is kept nowhere yet, its scope named: what is answered is what was shown, also where
    the client has other default scopes by then.
    """
    ends = now + timedelta(seconds=settings.PENDING_AUTHORIZATION_SECONDS)
    query = raw_query if "scope" in Query(raw_query) else f"{raw_query}&{urlencode({'scope': request.scope})}"
    return PendingAuthorization(application=request.application, query=query, created_at=now, expires_at=ends)


def get_pending(handle: str, now: datetime) -> PendingAuthorization:
    """The stored request `handle`. Raises StartAgain if it was answered, has expired or never was."""
    pending = PendingAuthorization.objects.select_related("application").filter(handle=handle).first()
    if pending is None:
        raise StartAgain("", detail="stored request unknown")
    if pending.answered_at is not None or pending.expires_at <= now:
        raise StartAgain(pending.application.name, detail="stored request expired or answered before")
    return pending


def take_pending(handle: str, user: User, session_key: str, now: datetime) -> PendingAuthorization:
    """The request that a shown page answers, marked as answered, in the caller's transaction.

    Raises StartAgain unless it was shown to this person in this session and is still open.
    """
    if not is_handle(handle):
        raise StartAgain("", detail="not a handle")
    PendingAuthorization.objects.select_for_update().filter(handle=handle).first()
    pending = get_pending(handle, now)
    if pending.user_id != user.pk or bytes(pending.session_digest or b"") != digest(session_key):
        raise StartAgain(pending.application.name, detail="consent page was shown to another person or session")
    pending.answered_at = now
    pending.save(update_fields=["answered_at"])
    return pending
