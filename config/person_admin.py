"""A person's page in the admin with what is held of them beside: exported, and erased, by owners.

It stands here because what is held of a person is spread over all apps.
"""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts import granting
from accounts.admin import PersonAdmin
from accounts.models import User
from config import erasure, personal_data
from partnership.admin.pages import staff_actor


class HeldPersonAdmin(PersonAdmin):
    change_form_template = "admin/accounts/person.html"

    def get_urls(self) -> list[URLPattern]:
        # Before the stock ones: those end with a pattern that takes every path.
        views = {"held": self.held_view, "export": self.export_view, "erase": self.erase_view}
        own = [
            path(f"<uuid:pk>/{name}/", self.admin_site.admin_view(view), name=f"accounts_user_{name}")
            for name, view in views.items()
        ]
        return [*own, *super().get_urls()]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        may_see = request.user.has_perm("accounts.export_person") or request.user.has_perm("accounts.erase_person")
        return super().change_view(request, object_id, form_url, {"may_see_held": may_see, **(extra_context or {})})

    def held_view(self, request: HttpRequest, pk: object) -> HttpResponse:
        """What there is, part by part, and what would become of it."""
        may_export = request.user.has_perm("accounts.export_person")
        may_erase = request.user.has_perm("accounts.erase_person")
        if not (may_export or may_erase):
            raise PermissionDenied
        person = self.person(request, pk)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "original": person,
            "title": person.email,
            "held": [(part, count) for part, count in personal_data.counts(person) if count],
            "obstacles": erasure.obstacles(person),
            "may_export": may_export,
            "may_erase": may_erase,
        }
        return TemplateResponse(request, "admin/accounts/held.html", context)

    @method_decorator(require_POST)
    def export_view(self, request: HttpRequest, pk: object) -> HttpResponse:
        if not request.user.has_perm("accounts.export_person"):
            raise PermissionDenied
        person = self.person(request, pk)
        self.log_change(request, person, _("Exported what is held of the person."))
        headers = {"Content-Disposition": f'attachment; filename="person-{person.pk}.json"'}
        return HttpResponse(personal_data.as_json(person), content_type="application/json", headers=headers)

    @method_decorator(require_POST)
    def erase_view(self, request: HttpRequest, pk: object) -> HttpResponse:
        person = self.person(request, pk)
        staff = request.user
        assert isinstance(staff, User)
        if not staff.has_perm("accounts.erase_person") or not granting.may_change(staff, person):
            raise PermissionDenied
        if request.POST.get("email", "").strip().lower() != person.email:
            messages.error(request, _("Type the person's e-mail address to erase them."))
            return redirect("admin:accounts_user_held", person.pk)
        try:
            erasure.erase(person.pk, actor=staff_actor(request), now=timezone.now())
        except erasure.NotErased as refusal:
            for obstacle in refusal.obstacles:
                messages.error(request, obstacle)
            return redirect("admin:accounts_user_held", person.pk)
        messages.success(request, _("Erased."))
        return redirect("admin:accounts_user_change", person.pk)

    def person(self, request: HttpRequest, pk: object) -> User:
        person: User | None = self.get_object(request, str(pk))
        if person is None:
            raise Http404
        return person


def register() -> None:
    """In the place of the plain page; called once the admin has read every app's."""
    assert type(admin.site.get_model_admin(User)) is PersonAdmin
    admin.site.unregister(User)
    admin.site.register(User, HeldPersonAdmin)
