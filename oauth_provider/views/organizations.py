"""The organizations that a person is a member of (platform.md)."""

from datetime import datetime

from django.http import HttpRequest, JsonResponse

from accounts.models import Organization
from oauth_provider.views.door import Access, PlatformView, as_uuid

READ = Access("organizations:read")


class OrganizationList(PlatformView):
    doors = {"GET": READ}

    def get(self, request: HttpRequest) -> JsonResponse:
        mine = Organization.objects.filter(memberships__user=self.person.id).order_by("created_at", "pk")
        return JsonResponse({"organizations": [shape(organization) for organization in mine]})


class OrganizationDetail(PlatformView):
    doors = {"GET": READ}

    def get(self, request: HttpRequest, organization_id: str) -> JsonResponse:
        return JsonResponse({"organization": shape(self.get_organization(as_uuid(organization_id)))})


def shape(organization: Organization) -> dict[str, object]:
    return {
        "id": str(organization.pk),
        "name": organization.name,
        "type": organization.type,
        "slug": organization.slug,
        "description": organization.description,
        "created_at": stamp(organization.created_at),
        "updated_at": stamp(organization.updated_at),
    }


def stamp(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%SZ}"
