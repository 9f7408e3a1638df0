"""The form of a partner: settings, and on the first page its first secret."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.admin.widgets import AdminTextInputWidget
from django.core.signing import BadSignature, Signer
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from partnership import partners
from partnership.models import Environment, Partner
from partnership.models.partner import SCOPES, check_networks, new_partner_id
from partnership.partners import NewSecret

SALT = "new partner"


def read_new_partner_id(signed: str) -> str:
    """The id that an add form was given when it was opened. Raises BadSignature."""
    return Signer(salt=SALT).unsign(signed)


class SecretForm(forms.Form):
    """What a new secret may do."""

    secret_name = forms.CharField(
        label=gettext_lazy("Name of the secret"), initial="default", max_length=100, widget=AdminTextInputWidget
    )
    environment = forms.ChoiceField(
        label=gettext_lazy("Environment"), choices=Environment.choices, initial="live", widget=forms.RadioSelect
    )
    scopes = forms.MultipleChoiceField(
        label=gettext_lazy("Scopes"),
        choices=[(scope, scope) for scope in SCOPES],
        initial=list(SCOPES),
        widget=forms.CheckboxSelectMultiple,
    )
    networks = forms.CharField(
        label=gettext_lazy("Allowed addresses"),
        required=False,
        validators=[check_networks],
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false", "class": "lines"}),
        help_text=gettext_lazy("One CIDR a line, such as 192.0.2.0/24. Empty: from anywhere."),
    )

    def wanted(self) -> NewSecret:
        given = self.cleaned_data
        return NewSecret(given["secret_name"], given["environment"], " ".join(given["scopes"]), given["networks"])


class PartnerForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = Partner
        fields = partners.SETTINGS

    def clean_name(self) -> str:
        name = str(self.cleaned_data["name"]).strip()
        if len(name) < 2:
            raise forms.ValidationError(_("2 to 100 characters."))
        return name


class NewPartnerForm(SecretForm, PartnerForm):
    # The id of the partner to be: the same form sent twice makes one partner.
    new_partner_id = forms.CharField(label=gettext_lazy("partner id"), widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["new_partner_id"] = Signer(salt=SALT).sign(new_partner_id())

    def clean_new_partner_id(self) -> str:
        try:
            return read_new_partner_id(self.cleaned_data["new_partner_id"])
        except BadSignature:
            raise forms.ValidationError(_("Open the page again, then retry.")) from None
