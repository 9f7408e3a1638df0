from django.conf import settings
from django.contrib import admin


class GatehouseAdminSite(admin.AdminSite):
    site_header = site_title = settings.BRAND_NAME
