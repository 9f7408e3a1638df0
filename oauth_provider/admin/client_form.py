"""The form in which staff add and change a client. It shapes; `client_details` decides."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib.admin.widgets import AdminTextareaWidget, AdminTextInputWidget
from django.core.exceptions import ValidationError
from django.core.signing import BadSignature, Signer
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from oauth_provider import client_details, client_logos, client_names, clients, resources
from oauth_provider.admin.client_fieldsets import ALWAYS, fieldsets
from oauth_provider.client_details import Details
from oauth_provider.clients import Hits
from oauth_provider.models import Application
from oauth_provider.opaque import new_client_id

Kind = Application.Kind


def read_new_client_id(signed: str) -> str:
    """The id that an add form was given when it was opened. Raises BadSignature."""
    return Signer(salt="new client").unsign(signed)


class Lines(forms.CharField):
    """A text area with one entry a line; empty lines don't count, so that numbers fit what is read."""

    def __init__(self, **options: Any) -> None:
        widget = AdminTextareaWidget(attrs={"rows": 4, "spellcheck": "false", "class": "lines"})
        super().__init__(required=False, strip=False, widget=widget, **options)

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, (list, tuple)) else value

    def to_python(self, value: Any) -> Any:
        # Not `splitlines`: it also splits at characters that a line is to be refused for.
        lines = (str(value or "")).replace("\r\n", "\n").split("\n")
        return tuple(line.strip(" ") for line in lines if line.strip(" "))


class ScopeBoxes(forms.MultipleChoiceField):
    def __init__(self, **options: Any) -> None:
        super().__init__(required=False, widget=forms.CheckboxSelectMultiple, **options)


def link(label: Any) -> forms.CharField:
    return forms.CharField(label=label, required=False, widget=AdminTextInputWidget(attrs={"inputmode": "url"}))


if TYPE_CHECKING:
    ModelForm = forms.ModelForm[Application]
else:  # Django's own class takes no parameter
    ModelForm = forms.ModelForm


class ClientForm(ModelForm):
    kind = forms.ChoiceField(label=gettext_lazy("type"), choices=Kind.choices, widget=forms.HiddenInput)
    # The id of the client to be: the same form sent twice makes one client.
    new_client_id = forms.CharField(label=gettext_lazy("client id"), required=False, widget=forms.HiddenInput)
    name = forms.CharField(
        label=gettext_lazy("Name"),
        widget=AdminTextInputWidget,
        strip=False,
        help_text=gettext_lazy("People read it when they are asked. 2 to 100 characters."),
    )
    is_verified = forms.BooleanField(
        label=gettext_lazy("Verified publisher"),
        required=False,
        help_text=gettext_lazy("Somebody of us checked who runs it."),
    )
    logo = forms.FileField(
        label=gettext_lazy("Logo"),
        required=False,
        widget=forms.ClearableFileInput(attrs={"accept": "image/png,image/jpeg,image/webp"}),
        help_text=gettext_lazy("PNG, JPEG or WebP, at most 1 MiB and 4096 pixels a side."),
    )
    homepage_url = link(gettext_lazy("Homepage"))
    privacy_url = link(gettext_lazy("Privacy policy"))
    terms_url = link(gettext_lazy("Terms of service"))
    redirect_uris = Lines(
        label=gettext_lazy("Redirect URIs"),
        help_text=gettext_lazy(
            "One a line, compared to the letter. On 127.0.0.1, [::1] and localhost http will do, and the port is free."
        ),
    )
    post_logout_redirect_uris = Lines(
        label=gettext_lazy("Post-logout redirect URIs"),
        help_text=gettext_lazy("One a line, compared to the letter, the port too: where people go after signing out."),
    )
    backchannel_logout_uri = forms.CharField(
        label=gettext_lazy("Back-channel logout URI"),
        required=False,
        widget=AdminTextInputWidget(attrs={"inputmode": "url"}),
        help_text=gettext_lazy("Gets a signed logout token when a person's session ends. Needs openid."),
    )
    allowed_origins = Lines(
        label=gettext_lazy("CORS origins"),
        help_text=gettext_lazy("One a line, for scripts in browsers: https://app.example, without a path."),
    )
    allowed_scopes = ScopeBoxes(label=gettext_lazy("Allowed scopes"))
    default_scopes = ScopeBoxes(
        label=gettext_lazy("Default scopes"), help_text=gettext_lazy("Asked for when a request names none.")
    )
    trusted_with_keys = forms.BooleanField(
        label=gettext_lazy("Trusted with keys"),
        required=False,
        help_text=gettext_lazy(
            "With projects:read it also reads the projects' API keys, at once for everybody who allowed that scope "
            "before. The consent page says so."
        ),
    )
    keeps_secret = forms.BooleanField(
        label=gettext_lazy("Keeps a secret"),
        required=False,
        initial=True,
        help_text=gettext_lazy("It runs on a server. Without: a script in a browser, for instance. Stays as it is."),
    )
    rotates_refresh_tokens = forms.BooleanField(
        label=gettext_lazy("Rotate refresh tokens"),
        required=False,
        help_text=gettext_lazy("A new one at each use. Always so for clients without a secret."),
    )
    allows_device_grant = forms.BooleanField(
        label=gettext_lazy("Device login"),
        required=False,
        help_text=gettext_lazy("People enter a code at /device: for programs that can't open a browser."),
    )
    jwks = forms.CharField(
        label=gettext_lazy("Public keys"),
        required=False,
        widget=AdminTextareaWidget(attrs={"rows": 4, "spellcheck": "false"}),
        help_text=gettext_lazy("A JWK set, for private_key_jwt. The client then has no use for a secret."),
    )
    jwks_uri = forms.CharField(
        label=gettext_lazy("Address of its public keys"),
        required=False,
        widget=AdminTextInputWidget(attrs={"inputmode": "url"}),
        help_text=gettext_lazy("Instead of the keys themselves, so that the client can change them."),
    )
    requires_dpop = forms.BooleanField(
        label=gettext_lazy("DPoP required"),
        required=False,
        help_text=gettext_lazy("Its tokens are bound to a key, and nobody else can use them."),
    )
    is_strict = forms.BooleanField(
        label=gettext_lazy("Strict"),
        required=False,
        help_text=gettext_lazy("Requests are pushed, codes live a minute, each token request is proved by a key."),
    )
    existing_id = forms.CharField(
        label=gettext_lazy("Existing client id"),
        required=False,
        widget=AdminTextInputWidget(attrs={"spellcheck": "false"}),
        help_text=gettext_lazy("Only for a client that keeps the id it had elsewhere."),
    )

    class Meta:
        model = Application
        fields: list[str] = []

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.client_kind = self.find_kind()
        self.keep_fields()
        self.offer_scopes()
        self.hits: Hits | None = None
        if self.is_change:
            self.initial.update(initial_of(self.instance))
        else:
            self.initial["kind"] = self.client_kind
            self.initial["new_client_id"] = Signer(salt="new client").sign(new_client_id())

    @property
    def is_change(self) -> bool:
        return self.instance.pk is not None

    def find_kind(self) -> str:
        """A client's own type; for a new one what the form, or the link to the form, says."""
        if self.is_change:
            return str(self.instance.kind)
        asked = self.data.get("kind") or self.initial.get("kind")
        return str(asked) if asked in Kind.values else Kind.WEB.value

    def keep_fields(self) -> None:
        kept = {name for _title, names in fieldsets(self.client_kind, is_change=self.is_change) for name in names}
        kept.update(() if self.is_change else ALWAYS)
        for name in set(self.fields) - kept:
            del self.fields[name]
        if self.is_change and "rotates_refresh_tokens" in self.fields and self.instance.is_public:
            self.fields["rotates_refresh_tokens"].disabled = True

    def offer_scopes(self) -> None:
        known = resources.all_scopes()
        names = resources.for_machines() if self.client_kind == Kind.MACHINE else resources.for_people()
        choices = [(name, f"{name}: {known[name].text}") for name in names]
        for field in ("allowed_scopes", "default_scopes"):
            box = self.fields[field]
            assert isinstance(box, ScopeBoxes)
            box.choices = choices
            box.initial = names[:1]

    def clean_name(self) -> str:
        return client_names.tidy(self.cleaned_data["name"])

    def clean_logo(self) -> bytes | None:
        """The picture drawn anew; b"" takes the old one away, None leaves things as they are."""
        upload = self.cleaned_data["logo"]
        if upload is False:
            return b""
        if not upload or upload == self.initial.get("logo"):
            return None
        try:
            return client_logos.redraw(upload)
        except client_logos.LogoRefused as refused:
            raise ValidationError(refused.message) from None

    def clean_new_client_id(self) -> str:
        try:
            return read_new_client_id(self.cleaned_data["new_client_id"])
        except BadSignature:
            raise ValidationError(_("Open the page again, then retry.")) from None

    def clean_existing_id(self) -> str:
        client_id: str = self.cleaned_data["existing_id"]
        fault = client_details.find_fault_of_client_id(client_id) if client_id else None
        if fault:
            raise ValidationError(fault)
        return client_id

    def clean(self) -> dict[str, Any]:
        if not self.errors.keys() - {"logo", "existing_id"}:
            self.details = self.read_details()
            for field, reasons in client_details.find_faults(
                self.details, from_staff=True, besides=self.instance.pk
            ).items():
                self.add_error(field if field in self.fields else None, reasons)
        if self.is_change and not self.errors:
            self.check_confirmed()
        return self.cleaned_data

    def _post_clean(self) -> None:
        # Not ModelForm's: it would run the toolkit's own rules for redirect URIs and origins,
        # which are others than the contract's.
        return

    def read_details(self) -> Details:
        given = self.cleaned_data
        return Details(
            kind=self.client_kind,
            keeps_secret=self.reads_as_secret_keeper(),
            **{name: given[name] for name in Details.__dataclass_fields__ if name in given and name not in SHAPED},
            allowed_scopes=tuple(given["allowed_scopes"]),
            default_scopes=tuple(given["default_scopes"]),
        )

    def reads_as_secret_keeper(self) -> bool:
        if self.is_change:
            return not self.instance.is_public
        return self.client_kind == Kind.MACHINE or bool(self.cleaned_data.get("keeps_secret"))

    def check_confirmed(self) -> None:
        """What takes something away from people is asked for twice, the second time by its name."""
        self.hits = clients.hits(self.instance, self.details, timezone.now())
        if self.hits and self.data.get("confirm") != self.fingerprint:
            raise ValidationError(_("This takes something away. Read what it does, tick the box, save again."))

    @property
    def fingerprint(self) -> str:
        """What was agreed to: a further removal is asked for anew."""
        return " ".join([*self.hits.scopes, *self.hits.redirect_uris]) if self.hits else ""


SHAPED = ("kind", "keeps_secret", "allowed_scopes", "default_scopes")


def initial_of(application: Application) -> dict[str, Any]:
    details = client_details.of(application)
    return {
        **{name: getattr(details, name) for name in Details.__dataclass_fields__},
        "allowed_scopes": list(details.allowed_scopes),
        "default_scopes": list(details.default_scopes),
        "logo": application.logo,
    }
