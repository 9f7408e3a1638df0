from django.contrib.admin import apps


class AdminConfig(apps.AdminConfig):
    """Django's admin under our site class."""

    default_site = "config.admin_site.GatehouseAdminSite"
