"""The staff's pages on clients. Tokens, codes, grants and secret rows have none."""

from django.contrib import admin

from oauth_provider.admin.client import ClientAdmin
from oauth_provider.admin.registration import DocumentHostAdmin, RegistrationAdmin
from oauth_provider.admin.resource_server import ResourceServerAdmin
from oauth_provider.models import (
    AccessToken,
    Application,
    Code,
    DeviceGrant,
    DocumentHost,
    IDToken,
    Registration,
    ResourceServer,
    TokenFamily,
)

# The toolkit registers each of its swapped models, the token rows among them.
for model in (AccessToken, Application, Code, DeviceGrant, IDToken, TokenFamily):
    if admin.site.is_registered(model):
        admin.site.unregister(model)

admin.site.register(Application, ClientAdmin)
admin.site.register(Registration, RegistrationAdmin)
admin.site.register(DocumentHost, DocumentHostAdmin)
admin.site.register(ResourceServer, ResourceServerAdmin)
