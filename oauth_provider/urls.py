"""The routes of oauth.md, in its order, but for the two of every client: a path is held against each before its own."""

from django.urls import path, register_converter
from django.urls.converters import StringConverter

from accounts.views.entrance import counted
from oauth_provider.views import (
    authorize,
    connected_apps,
    device,
    device_authorization,
    introspect,
    logo,
    logout,
    metadata,
    organizations,
    par,
    profile,
    registration,
    revoke,
    token,
    userinfo,
)


class HandleConverter(StringConverter):
    regex = "[A-Za-z0-9_-]{22}"


register_converter(HandleConverter, "handle")

urlpatterns = [
    path("api/oauth/v1/token", token.token, name="token"),
    path("auth/v1/profile", profile.profile, name="profile"),
    path("api/oauth/v1/authorize", authorize.authorize, name="authorize"),
    path("api/oauth/v1/authorize/<handle:handle>", authorize.resume, name="resume"),
    path("continue/<handle:handle>", authorize.continue_, name="continue"),
    path("continue/<handle:handle>/another-account", authorize.use_another_account, name="use_another_account"),
    path("api/oauth/v1/par", par.par, name="par"),
    path("api/oauth/v1/revoke", revoke.revoke, name="revoke"),
    path("api/oauth/v1/introspect", introspect.introspect, name="introspect"),
    path("api/oauth/v1/device_authorization", device_authorization.device_authorization, name="device_authorization"),
    path("device", counted("device", device.device), name="device"),
    path("device/answer", device.answer, name="device_answer"),
    path("device/another-account", device.use_another_account, name="device_another_account"),
    path("api/oauth/v1/userinfo", userinfo.userinfo, name="userinfo"),
    path("api/oauth/v1/logout", logout.logout, name="logout"),
    path("api/oauth/v1/logout/confirm", logout.confirm, name="logout_confirm"),
    path("api/oauth/v1/clients/register", registration.register, name="register_client"),
    path("api/oauth/v1/clients/register/<str:client_id>", registration.registered_client, name="registered_client"),
    path("api/oauth/v1/jwks.json", metadata.jwks, name="jwks"),
    path(".well-known/oauth-authorization-server", metadata.authorization_server, name="authorization_server"),
    path(".well-known/openid-configuration", metadata.authorization_server, name="openid_configuration"),
    path(".well-known/oauth-protected-resource", metadata.protected_resource, name="protected_resource"),
    path(
        ".well-known/oauth-protected-resource/<path:below>",
        metadata.protected_resource,
        name="protected_resource_at",
    ),
    path("organizations/v1", organizations.OrganizationList.as_view(), name="organizations"),
    path("organizations/v1/<str:organization_id>", organizations.OrganizationDetail.as_view(), name="organization"),
    path("account/apps/revoke-all", connected_apps.revoke_all, name="revoke_all_apps"),
    path("account/apps/<int:application_id>/revoke", connected_apps.revoke_one, name="revoke_app"),
    path("media/client-logos/<str:name>", logo.logo, name="client_logo"),
]
