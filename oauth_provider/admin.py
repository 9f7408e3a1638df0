from django.contrib import admin

from oauth_provider.models import AccessToken, Application, Code, DeviceGrant, IDToken, TokenFamily

for model in (AccessToken, Application, Code, DeviceGrant, IDToken, TokenFamily):
    if admin.site.is_registered(model):
        admin.site.unregister(model)
