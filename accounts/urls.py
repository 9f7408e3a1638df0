"""The pages of a person, and allauth's pages for coming in."""

from allauth.account import views as allauth_account
from allauth.account.decorators import reauthentication_required
from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.urls import URLPattern, URLResolver, include, path
from django.views.generic import RedirectView

from accounts.views import account, brand, caught_mail, entrance, organizations, security

to_security = RedirectView.as_view(pattern_name="account_security")
change_password = login_required(reauthentication_required(app="allauth.account")(allauth_account.password_change))

# Before allauth's own routes: the same addresses and names, with what we add.
entrance_routes: list[URLPattern] = [
    path("login/", entrance.counted("sign-in", allauth_account.login), name="account_login"),
    path("signup/", entrance.counted("sign-up", entrance.SignupView.as_view()), name="account_signup"),
    path("password/reset/", entrance.counted("reset", allauth_account.password_reset), name="account_reset_password"),
    path("password/change/", change_password, name="account_change_password"),
    path("confirm-email/change", entrance.change_address, name="account_change_address"),
    path("2fa/", to_security, name="mfa_index"),
    path("2fa/webauthn/", to_security, name="mfa_list_webauthn"),
    path("sessions/", to_security, name="usersessions_list"),
]

organization_routes: list[URLPattern] = [
    path("", organizations.organization_list, name="account_organizations"),
    path("invitations/<str:token>", organizations.invitation, name="account_invitation"),
    path("<uuid:organization_id>", organizations.organization, name="account_organization"),
    path("<uuid:organization_id>/invite", organizations.invite, name="account_invite"),
    path(
        "<uuid:organization_id>/invitations/<int:invitation_id>/withdraw",
        organizations.withdraw,
        name="account_withdraw_invitation",
    ),
    path(
        "<uuid:organization_id>/members/<int:membership_id>/remove",
        organizations.remove,
        name="account_remove_member",
    ),
    path(
        "<uuid:organization_id>/members/<int:membership_id>/role",
        organizations.change_role,
        name="account_change_role",
    ),
]

urlpatterns: list[URLPattern | URLResolver] = [
    path("", account.home, name="home"),
    path("brand/accent.css", brand.accent, name="brand_accent"),
    path("brand/logo", brand.logo, name="brand_logo"),
    path("account", account.account, name="account"),
    path("account/language", account.language, name="account_language"),
    path("account/security", security.security, name="account_security"),
    path("account/security/sessions/end-others", security.end_other_sessions, name="account_end_other_sessions"),
    path("account/security/sessions/<int:session_id>/end", security.end_session, name="account_end_session"),
    path("account/organizations", include(organization_routes[:1])),
    path("account/organizations/", include(organization_routes[1:])),
    path("accounts/", include(entrance_routes)),
    path("accounts/", include("allauth.urls")),
]

if settings.EMBEDDED:
    urlpatterns += [
        path("dev/mail", caught_mail.mails, name="caught_mails"),
        path("dev/mail/<str:name>", caught_mail.mail, name="caught_mail"),
    ]
