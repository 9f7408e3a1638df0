"""The organizations that a person is a member of (platform.md)."""

from typing import TypedDict

from django.http import HttpRequest, JsonResponse

from accounts.models import Organization
from accounts.stamps import stamp_of_seconds
from oauth_provider.errors import OrganizationNotFound
from oauth_provider.views.call import Call, Id, Stamp
from oauth_provider.views.door import Access, PlatformView, as_uuid

READ = Access("organizations:read")


class OrganizationBody(TypedDict):
    id: Id
    name: str
    type: str
    slug: str
    description: str
    created_at: Stamp
    updated_at: Stamp


class Organizations(TypedDict):
    organizations: list[OrganizationBody]


class OneOrganization(TypedDict):
    organization: OrganizationBody


class OrganizationList(PlatformView):
    doors = {"GET": READ}
    calls = {"GET": Call("The organizations that the person is a member of", {200: Organizations})}

    def get(self, request: HttpRequest) -> JsonResponse:
        mine = Organization.objects.filter(memberships__user=self.person.id).order_by("created_at", "pk")
        return JsonResponse(Organizations(organizations=[shape(organization) for organization in mine]))


class OrganizationDetail(PlatformView):
    doors = {"GET": READ}
    calls = {"GET": Call("One of them", {200: OneOrganization}, refusals=(OrganizationNotFound,))}

    def get(self, request: HttpRequest, organization_id: str) -> JsonResponse:
        return JsonResponse(OneOrganization(organization=shape(self.get_organization(as_uuid(organization_id)))))


def shape(organization: Organization) -> OrganizationBody:
    return {
        "id": str(organization.pk),
        "name": organization.name,
        "type": organization.type,
        "slug": organization.slug,
        "description": organization.description,
        "created_at": stamp_of_seconds(organization.created_at),
        "updated_at": stamp_of_seconds(organization.updated_at),
    }
