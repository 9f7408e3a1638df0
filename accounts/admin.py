"""People and organizations for staff. Nobody is impersonated, nobody's password is set here."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db import models
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts import granting, people
from accounts.inlines import NamedFields
from accounts.models import Membership, Organization, Role, User

PARTS = ("is_staff", "groups")


@admin.register(User)
class PersonAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """A person is switched off, not deleted: an organization would lose its owner, and the
    record of who allowed what would go too.
    """

    list_display = ("email", "name", "is_active", "is_staff", "last_login", "created_at")
    list_filter = ("is_active", "is_staff")
    search_fields = ("email", "name", "id")
    ordering = ("-created_at",)
    fields = ("id", "email", "name", "is_active", "is_staff", "is_superuser", "groups", "last_login", "created_at")
    readonly_fields = ("id", "last_login", "created_at")
    formfield_overrides = {models.ManyToManyField: {"widget": forms.CheckboxSelectMultiple}}

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> tuple[str, ...]:
        """Who may change people doesn't give them powers by that: it would be every right."""
        person = request.user
        assert isinstance(person, User)
        if person.is_superuser:
            return self.readonly_fields
        return (*self.readonly_fields, "is_superuser", *(() if granting.may_grant(person) else PARTS))

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **options: Any) -> Any:
        if db_field.name == "groups" and isinstance(request.user, User):
            options["queryset"] = granting.grantable_groups(request.user)
        return super().formfield_for_manytomany(db_field, request, **options)

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        person = request.user
        if not isinstance(person, User) or not super().has_change_permission(request, obj):
            return False
        return obj is None or granting.may_change(person, obj)

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        """A new person gets no password: they choose one by "Forgot your password?".

        Of one who is there, what staff changed alone: the rest is as old as this request.
        """
        if not change:
            obj.set_unusable_password()
            people.save_person(obj)
        else:
            obj.save(update_fields=[name for name in form.changed_data if name != "groups"])
        if "email" in form.changed_data:
            people.sync_address(obj)

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return False


class MembershipFormSet(NamedFields):
    def clean(self) -> None:
        super().clean()
        kept = [form.cleaned_data for form in self.forms if form.cleaned_data and not form.cleaned_data.get("DELETE")]
        if not any(row.get("role") == Role.OWNER for row in kept):
            raise forms.ValidationError(_("An organization keeps at least one owner."))


class MembershipInline(admin.TabularInline):  # type: ignore[type-arg]
    model = Membership
    formset = MembershipFormSet
    autocomplete_fields = ("user",)
    extra = 0

    def has_add_permission(self, request: HttpRequest, obj: Organization | None = None) -> bool:
        return not is_personal(obj) and super().has_add_permission(request, obj)

    def has_change_permission(self, request: HttpRequest, obj: Organization | None = None) -> bool:
        return not is_personal(obj) and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Organization | None = None) -> bool:
        return not is_personal(obj) and super().has_delete_permission(request, obj)


@admin.register(Organization)
class OrganizationAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("name", "type", "plan", "member_count", "created_at")
    list_filter = ("type", "plan")
    search_fields = ("name", "slug", "id", "memberships__user__email")
    fields = ("id", "name", "type", "slug", "description", "plan", "created_at", "updated_at")
    readonly_fields = ("id", "created_at", "updated_at")
    inlines = [MembershipInline]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Organization]:
        organizations: QuerySet[Organization] = super().get_queryset(request)
        return organizations.annotate(members_counted=Count("memberships"))

    @admin.display(description=_("members"), ordering="members_counted")
    def member_count(self, organization: Any) -> int:
        return int(organization.members_counted)

    def get_readonly_fields(self, request: HttpRequest, obj: Organization | None = None) -> tuple[str, ...]:
        """A personal organization stays one, and no other becomes one."""
        return (*self.readonly_fields, "type") if obj is not None else self.readonly_fields

    def has_delete_permission(self, request: HttpRequest, obj: Organization | None = None) -> bool:
        return not is_personal(obj) and super().has_delete_permission(request, obj)

    def formfield_for_choice_field(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "type":
            kwargs["choices"] = [row for row in Organization.Type.choices if row[0] != Organization.Type.PERSONAL]
        return super().formfield_for_choice_field(db_field, request, **kwargs)


def is_personal(organization: Organization | None) -> bool:
    """Whether it has its one person, from the beginning to that one's erasure (`organizations.py`)."""
    return organization is not None and organization.personal_of_id is not None
