"""The letters about signing in: what each says, under allauth's name for its occasion."""

from collections.abc import Callable, Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.mail import Letter, change_your_password, ignore_it, page
from accounts.models import SecurityEvent

Facts = Mapping[str, object]
Kind = SecurityEvent.Kind


def verify(facts: Facts) -> Letter:
    return Letter(
        subject=_("Your code"),
        text=_("Type this code where you were asked for it. It is good for 15 minutes."),
        code=str(facts["code"]),
        not_you=ignore_it(),
    )


def address_known(_facts: Facts) -> Letter:
    return Letter(
        subject=_("You have an account already"),
        text=_("Somebody tried to sign up with this address. You have an account with it: sign in instead."),
        link=page("account_login"),
        link_text=_("Sign in"),
        not_you=_("Ignore this mail. Nothing was changed, and nobody learned that you have an account."),
    )


def reset(facts: Facts) -> Letter:
    return Letter(
        subject=_("Choose a new password"),
        text=_("Somebody, you we hope, asked for a new password for this address. The link is good for one hour."),
        link=str(facts["password_reset_url"]),
        link_text=_("Choose a new password"),
        not_you=ignore_it(),
    )


def changed(subject: Promise, text: Promise) -> Callable[[Facts], Letter]:
    def letter(_facts: Facts) -> Letter:
        return Letter(subject=str(subject), text=str(text), not_you=change_your_password())

    return letter


def email_changed(facts: Facts) -> Letter:
    return Letter(
        subject=_("Your e-mail address was changed"),
        text=_("You now sign in with %(new)s and no longer with %(old)s.")
        % {"new": facts["to_email"], "old": facts["from_email"]},
        not_you=_("Write to us at once, from the old address: who has the new one can change your password."),
    )


LETTERS: dict[str, Callable[[Facts], Letter]] = {
    "account/email/email_confirmation": verify,
    "account/email/email_confirmation_signup": verify,
    "account/email/account_already_exists": address_known,
    "account/email/password_reset_key": reset,
    "account/email/password_changed": changed(
        gettext_lazy("Your password was changed"),
        gettext_lazy("Other sessions and all applications have to sign in again."),
    ),
    "account/email/password_set": changed(
        gettext_lazy("A password was set"), gettext_lazy("You can now sign in with it.")
    ),
    "account/email/password_reset": changed(
        gettext_lazy("Your password was reset"),
        gettext_lazy("All sessions have ended and all applications have to sign in again."),
    ),
    "account/email/email_changed": email_changed,
    "mfa/email/totp_activated": changed(
        gettext_lazy("An authenticator app was added"),
        gettext_lazy("From now on signing in asks for a code of the app."),
    ),
    "mfa/email/totp_deactivated": changed(
        gettext_lazy("Your authenticator app was removed"),
        gettext_lazy("Signing in no longer asks for a code of the app."),
    ),
    "mfa/email/recovery_codes_generated": changed(
        gettext_lazy("New recovery codes were made"),
        gettext_lazy("The recovery codes that you had before are worth nothing now."),
    ),
    "mfa/email/webauthn_added": changed(
        gettext_lazy("A passkey was added"), gettext_lazy("It can be used to sign in to your account.")
    ),
    "mfa/email/webauthn_removed": changed(
        gettext_lazy("A passkey was removed"), gettext_lazy("It can no longer be used to sign in.")
    ),
    "new_browser": changed(
        gettext_lazy("Signed in with a new browser"),
        gettext_lazy("Your account was used with a browser that it was not used with before."),
    ),
}

EVENTS: dict[str, Kind] = {
    "account/email/password_changed": Kind.PASSWORD_CHANGED,
    "account/email/password_set": Kind.PASSWORD_CHANGED,
    "account/email/password_reset": Kind.PASSWORD_RESET,
    "account/email/email_changed": Kind.EMAIL_CHANGED,
    "mfa/email/totp_activated": Kind.TOTP_ADDED,
    "mfa/email/totp_deactivated": Kind.TOTP_REMOVED,
    "mfa/email/recovery_codes_generated": Kind.RECOVERY_CODES_MADE,
    "mfa/email/webauthn_added": Kind.PASSKEY_ADDED,
    "mfa/email/webauthn_removed": Kind.PASSKEY_REMOVED,
}
