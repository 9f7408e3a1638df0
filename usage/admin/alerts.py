"""Staff set alerts for a partner, see the partner's own, and when each was reached."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.db.models import Max, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.errors import ApiError
from accounts.models import User
from partnership.admin.pages import environment_badge, staff_actor
from usage import alerts
from usage.alerts import Wanted
from usage.amounts import InvalidValue, read_amount
from usage.firings import period_text
from usage.metrics import METRICS, in_figures, with_unit
from usage.models import Alert, Firing

if TYPE_CHECKING:
    AlertModelForm = forms.ModelForm[Alert]
    AlertModelAdmin = admin.ModelAdmin[Alert]
    FiringInline = admin.TabularInline[Firing, Alert]
else:  # Django's own classes take no parameter
    AlertModelForm = forms.ModelForm
    AlertModelAdmin = admin.ModelAdmin
    FiringInline = admin.TabularInline


class AlertForm(AlertModelForm):
    """The threshold in the metric's unit, as everywhere outside of the database."""

    amount = forms.CharField(label=gettext_lazy("Threshold"), max_length=20)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not self.instance._state.adding:
            metric = METRICS[self.instance.metric]
            self.fields["amount"].initial = str(metric.shown(self.instance.threshold))
            self.fields["amount"].help_text = f"{metric.title}, {metric.unit}"

    def clean(self) -> dict[str, Any]:
        super().clean()
        given = self.cleaned_data
        metric = given.get("metric") or self.instance.metric
        try:
            given["threshold"] = read_amount(given.get("amount", "").strip(), METRICS[metric].places) if metric else 0
        except InvalidValue as why:
            self.add_error("amount", str(why))
        if given.get("threshold") == 0:
            self.add_error("amount", _("The threshold must be above 0."))
        self.check_project()
        return given

    def check_project(self) -> None:
        given = self.cleaned_data
        if any(given.get(name) is None for name in ("partner", "environment", "project_id")):
            return
        try:
            alerts.find_project(given["partner"], given["environment"], given["project_id"])
        except ApiError:
            self.add_error("project_id", _("The partner has no such project in this environment."))


class NewAlertForm(AlertForm):
    project_id = forms.UUIDField(
        label=gettext_lazy("Project id"), required=False, help_text=gettext_lazy("Empty: all projects together.")
    )


class Firings(FiringInline):
    model = Firing
    fields = readonly_fields = ("shown_period", "fired_at", "before", "after", "source", "event_id", "project_id")
    ordering = ("-period_first",)
    extra = max_num = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm("usage.view_alert") or request.user.has_perm("usage.change_alert")

    @admin.display(description=gettext_lazy("period"))
    def shown_period(self, firing: Firing) -> str:
        return period_text(firing)

    @admin.display(description=gettext_lazy("before"))
    def before(self, firing: Firing) -> str:
        return in_figures(firing.amounts["before"], METRICS[firing.alert.metric])

    @admin.display(description=gettext_lazy("after"))
    def after(self, firing: Firing) -> str:
        return in_figures(firing.amounts["after"], METRICS[firing.alert.metric])


class AlertAdmin(AlertModelAdmin):
    class Media:
        css = {"all": ["admin-partners.css"]}

    list_display = ("metric", "limit", "period", "whose", "environment_shown", "is_enabled", "made_by", "reached_at")
    list_filter = ("environment", "made_by", "is_enabled", "metric", ("partner", admin.RelatedOnlyFieldListFilter))
    list_select_related = ("partner", "project")
    search_fields = ("partner__name", "partner__id", "project__id")
    ordering = ("-created_at", "-pk")
    list_per_page = 50
    view_on_site = False
    inlines = (Firings,)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Alert]:
        return super().get_queryset(request).annotate(reached=Max("firings__fired_at"))

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        return lookup == "partner__id__exact" or super().lookup_allowed(lookup, value, request)  # type: ignore[arg-type]

    def get_form(self, request: HttpRequest, obj: Alert | None = None, change: bool = False, **kwargs: Any) -> Any:
        return super().get_form(request, obj, change, **{"form": AlertForm if obj else NewAlertForm, **kwargs})

    def get_fields(self, request: HttpRequest, obj: Alert | None = None) -> tuple[str, ...]:
        if obj:
            return ("partner", "environment", "project", "metric", "period", "amount", "is_enabled", "made_by", "staff")
        return ("partner", "environment", "project_id", "metric", "amount", "period", "is_enabled")

    def get_readonly_fields(self, request: HttpRequest, obj: Alert | None = None) -> tuple[str, ...]:
        """What it watches stays: another one is another alert."""
        return ("partner", "environment", "project", "metric", "period", "made_by", "staff") if obj else ()

    def get_inlines(self, request: HttpRequest, obj: Alert | None) -> Any:
        return self.inlines if obj else ()

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        return {}

    def save_model(self, request: HttpRequest, obj: Alert, form: Any, change: bool) -> None:
        given, now, actor = form.cleaned_data, timezone.now(), staff_actor(request)
        if change:
            wanted = {name: given[name] for name in alerts.CHANGEABLE}
            alerts.change(obj, wanted, actor=actor, now=now)
            return
        assert isinstance(request.user, User)
        made = alerts.make(given["partner"], given["environment"], wanted_of(given, request.user), actor=actor, now=now)
        obj.pk = made.pk

    def delete_model(self, request: HttpRequest, obj: Alert) -> None:
        alerts.remove(obj, actor=staff_actor(request), now=timezone.now())

    @admin.display(description=gettext_lazy("threshold"), ordering="threshold")
    def limit(self, alert: Alert) -> str:
        return with_unit(alert.threshold, METRICS[alert.metric])

    @admin.display(description=gettext_lazy("of"))
    def whose(self, alert: Alert) -> str:
        if alert.project:
            return f"{alert.project.name} ({alert.partner.name})"
        return _("all projects of %(name)s") % {"name": alert.partner.name}

    @admin.display(description=gettext_lazy("environment"))
    def environment_shown(self, alert: Alert) -> str:
        return environment_badge(alert.environment)

    @admin.display(description=gettext_lazy("last reached"))
    def reached_at(self, alert: Any) -> Any:
        return alert.reached


def wanted_of(given: dict[str, Any], staff: User) -> Wanted:
    return Wanted(
        given["metric"], given["threshold"], given["period"], given["project_id"], given["is_enabled"], staff=staff
    )
