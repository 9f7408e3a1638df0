from django.conf import settings

from accounts.staff import StaffDoor


class GatehouseAdminSite(StaffDoor):
    site_header = site_title = settings.BRAND_NAME
