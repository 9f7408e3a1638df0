"""Resource servers in the admin: who else takes our tokens, and which scopes there are at it."""

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from auditlog.registry import auditlog
from django import forms
from django.conf import settings
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.inlines import NamedFields
from oauth_provider.models import Application, ResourceScope, ResourceServer
from oauth_provider.resources import is_ours
from oauth_provider.scopes import SCOPES

SCOPE = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]{1,100}\Z")  # scope-token, RFC 6749 section 3.3

auditlog.register(ResourceServer)
auditlog.register(ResourceScope)

if TYPE_CHECKING:
    BaseAdmin = admin.ModelAdmin[Any]
    Inline = admin.TabularInline[Any, Any]
    ServerModelForm = forms.ModelForm[ResourceServer]
    ScopeModelForm = forms.ModelForm[ResourceScope]
else:  # Django's own classes take no parameter
    BaseAdmin = admin.ModelAdmin
    Inline = admin.TabularInline
    ServerModelForm = ScopeModelForm = forms.ModelForm


class ServerForm(ServerModelForm):
    class Meta:
        model = ResourceServer
        fields = ("name", "identifier", "audience", "client")
        help_texts = {
            "identifier": gettext_lazy("Its address, as clients write it in <code>resource</code>, to the letter."),
            "audience": gettext_lazy("<code>aud</code> of tokens for it. Often the identifier again."),
            "client": gettext_lazy("The confidential client by which it asks about tokens (introspection)."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "client" in self.fields:  # not in the form of somebody who may only look
            self.fields["client"].queryset = Application.objects.filter(client_type="confidential").order_by("name")  # type: ignore[attr-defined]

    def clean_identifier(self) -> str:
        identifier: str = self.cleaned_data["identifier"]
        if not is_absolute(identifier):
            raise ValidationError(_("An absolute address without a fragment, such as https://api.example.com."))
        if is_ours(identifier):
            raise ValidationError(_("Addresses of this deployment are a resource server already: its own."))
        return identifier

    def clean_audience(self) -> str:
        audience: str = self.cleaned_data["audience"]
        if audience == settings.TOKEN_AUDIENCE or is_ours(audience):
            raise ValidationError(_("This is the audience of our own tokens."))
        return audience


def is_absolute(address: str) -> bool:
    """RFC 8707 section 2: an absolute URI without a fragment."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    is_clean = address.isascii() and address.isprintable() and " " not in address and "#" not in address
    return is_clean and bool(parts.scheme) and bool(parts.netloc if parts.scheme in ("http", "https") else parts.path)


class ScopeForm(ScopeModelForm):
    class Meta:
        model = ResourceScope
        fields = ("name", "text", "machine_only")

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"]
        if not SCOPE.match(name):
            raise ValidationError(_("A scope has no blanks, quotes or backslashes."))
        if name in SCOPES:
            raise ValidationError(_("This is a scope of our own."))
        return name


class ScopeInline(Inline):
    model = ResourceScope
    form = ScopeForm
    formset = NamedFields
    extra = 1


class ResourceServerAdmin(BaseAdmin):
    form = ServerForm
    inlines = (ScopeInline,)
    list_display = ("name", "identifier", "audience", "client")
    list_select_related = ("client",)
    search_fields = ("name", "identifier", "audience")
    ordering = ("name",)
    actions = None
    view_on_site = False
