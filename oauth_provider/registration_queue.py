"""What staff do about clients that registered themselves: approve, refuse, decide by host, be told."""

from collections.abc import Callable
from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts import mail
from accounts.errors import PageError
from accounts.mail import Letter
from accounts.models import User
from oauth_provider import client_history, clients
from oauth_provider.models import Application, ClientSecret, Consent, DocumentHost, Registration, TokenFamily

log = structlog.get_logger("gatehouse.registration")

State = Registration.State
Policy = DocumentHost.Policy
BATCH = 100
Act = Callable[[Registration], None]
LISTED_IN_LETTER = 20
MAX_REASON = 200


class AlreadyDecided(PageError):
    """409: somebody else was faster, or it never waited."""

    status, code = 409, "conflict"

    def __init__(self) -> None:
        super().__init__(_("This registration does not wait any more. Nothing was done."))


class ReasonNeeded(PageError):
    status, code = 422, "validation_error"

    def __init__(self) -> None:
        super().__init__(_("Say why, in at most %(count)d characters: the applicant reads it.") % {"count": MAX_REASON})


def waiting() -> QuerySet[Registration]:
    return Registration.objects.filter(state=State.PENDING)


@transaction.atomic
def approve(registration: Registration, by: User | None, now: datetime) -> None:
    """Lets the client in. Raises AlreadyDecided unless it waits or was refused."""
    application, stored = locked(registration)
    if stored.state not in (State.PENDING, State.REFUSED):
        raise AlreadyDecided()
    before = stored.state
    decide(stored, State.APPROVED, by, "", now)
    clients.enable(application, now)
    client_history.record(application, "registration", before, State.APPROVED)


@transaction.atomic
def refuse(registration: Registration, reason: str, by: User | None, now: datetime) -> None:
    """Keeps the client out; `reason` is what its maker reads. Raises AlreadyDecided, ReasonNeeded."""
    reason = " ".join(reason.split())
    if not 0 < len(reason) <= MAX_REASON:
        raise ReasonNeeded()
    application, stored = locked(registration)
    if stored.state != State.PENDING:
        raise AlreadyDecided()
    decide(stored, State.REFUSED, by, reason, now)
    clients.disable(application, now)
    client_history.record(application, "registration", State.PENDING, f"{State.REFUSED}: {reason}")


def locked(registration: Registration) -> tuple[Application, Registration]:
    """Both rows as they are now. Raises AlreadyDecided if the client is gone."""
    rows = find_locked(registration)
    if rows is None:
        raise AlreadyDecided()
    return rows


def find_locked(registration: Registration) -> tuple[Application, Registration] | None:
    """Both rows as they are now, the client's first: whoever changes either takes them in this order.

    None if a call that was faster deleted the client.
    """
    try:
        application = clients.lock(registration.application)
    except Application.DoesNotExist:
        return None
    return application, Registration.objects.select_for_update(of=("self",)).get(pk=registration.pk)


def decide(registration: Registration, state: str, by: User | None, reason: str, now: datetime) -> None:
    registration.state, registration.reason = state, reason
    registration.decided_by, registration.decided_at = by, now
    registration.save(update_fields=["state", "reason", "decided_by", "decided_at"])


def each(registrations: QuerySet[Registration], act: Act) -> tuple[int, int]:
    """Does `act` to each of `registrations`, one transaction each: how many it was done to, and how many not."""
    done = late = 0
    for registration in registrations.select_related("application"):
        try:
            act(registration)
            done += 1
        except AlreadyDecided:
            late += 1
    return done, late


def policy_of(host: str) -> str:
    """What holds for metadata documents of `host`; staff decide unless they said otherwise."""
    policy = DocumentHost.objects.filter(host=host).values_list("policy", flat=True).first()
    return str(policy or Policy.STAFF)


def follow_policy(host: DocumentHost, by: User | None, now: datetime) -> int:
    """Makes the clients of `host` what its policy says: how many changed.

    Refusing a host disables all of them; allowing it lets in those that wait.
    """
    rows = Registration.objects.filter(document_host=host.host)
    if host.policy == Policy.ALLOWED:
        done, _late = each(rows.filter(state=State.PENDING), lambda one: approve(one, by, now))
        return done
    if host.policy == Policy.STAFF:
        return 0
    done, _late = each(rows.filter(state__in=[State.PENDING, State.APPROVED]), lambda one: shut(one, by, now))
    return done


@transaction.atomic
def shut(registration: Registration, by: User | None, now: datetime) -> None:
    application, stored = locked(registration)
    decide(stored, State.REFUSED, by, _("Clients of this host are refused."), now)
    clients.disable(application, now)


def tell_staff(now: datetime) -> dict[str, int]:
    """One letter to each of the staff who may decide, about all registrations nobody was told of yet."""
    untold = waiting().filter(staff_told_at=None)
    with transaction.atomic():
        rows = list(untold.select_for_update(of=("self",), skip_locked=True)[:BATCH]) if untold.exists() else []
        keys = [row.pk for row in rows]
        Registration.objects.filter(pk__in=keys).update(staff_told_at=now)
        told = list(Registration.objects.filter(pk__in=keys).select_related("application").order_by("pk"))
        for person in deciders() if told else []:
            mail.post(person.email, letter_about(told), None, now)
    return {"registrations_told": len(told)}


def deciders() -> list[User]:
    """Active staff with the right to change registrations."""
    staff = User.objects.filter(is_active=True, is_staff=True).order_by("pk")
    return [person for person in staff if person.has_perm("oauth_provider.change_registration")]


def letter_about(rows: list[Registration]) -> Letter:
    lines = [f"{row.application.name} ({', '.join(row.application.redirect_uris.split()[:3])})" for row in rows]
    more = len(lines) - LISTED_IN_LETTER
    return Letter(
        subject=ngettext("%d client waits for approval", "%d clients wait for approval", len(rows)) % len(rows),
        text=_("Somebody registered what stands below. Nobody can sign in to it until staff approve."),
        lines=[*lines[:LISTED_IN_LETTER], *([_("and %d more") % more] if more > 0 else [])],
        link=f"{mail.page('admin:oauth_provider_registration_changelist')}?state__exact=pending",
        link_text=_("Look and decide"),
        not_you=_("You get this mail because you may approve registrations."),
    )


def end_unused(now: datetime) -> dict[str, int]:
    """Ends registered clients that nobody has used for REGISTRATION_UNUSED_DAYS; at most `BATCH`.

    One that was never used goes, with a line in the log and in the history; one that was is disabled.
    """
    then = now - timedelta(days=settings.REGISTRATION_UNUSED_DAYS)
    return {"registrations_ended": sum(end_one(registration, then, now) for registration in unused_since(then)[:BATCH])}


def unused_since(then: datetime) -> QuerySet[Registration]:
    own = {"application": OuterRef("application")}
    used = (
        Exists(TokenFamily.objects.filter(last_used_at__gt=then, **own))
        | Exists(Consent.objects.filter(updated_at__gt=then, **own))
        | Exists(ClientSecret.objects.filter(last_used_at__gt=then, **own))
    )
    old = Q(asked_at__lt=then) & (Q(decided_at=None) | Q(decided_at__lt=then))
    # Whoever visits its address brings a document's client back, as one that nobody decided about.
    shut_out = Q(state=State.REFUSED) | Q(state=State.APPROVED, application__is_enabled=False)
    rows = Registration.objects.filter(old).exclude(state=State.ENDED).exclude(used)
    rows = rows.exclude(shut_out & ~Q(document_host=""))
    return rows.select_related("application").order_by("pk")


@transaction.atomic
def end_one(registration: Registration, then: datetime, now: datetime) -> bool:
    """Whether it was ended: since it was listed it may have been used, or staff may have decided."""
    rows = find_locked(registration)
    if rows is None or not unused_since(then).filter(pk=registration.pk).exists():
        return False
    application, stored = rows
    log.info("registration ended unused", client_id=application.client_id, state=stored.state)
    if not clients.is_used(application):
        application.delete()
        return True
    before = stored.state
    clients.disable(application, now)
    stored.token_digest = None
    stored.save(update_fields=["token_digest"])
    decide(stored, State.ENDED, None, "unused", now)
    client_history.record(application, "registration", before, "ended: unused")
    return True
