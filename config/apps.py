from django.apps import AppConfig


class ConfigConfig(AppConfig):
    name = "config"

    def ready(self) -> None:
        from config import checks, field_names, person_admin  # noqa: F401  registers the checks
        from config.admin_site import OWN_APPS

        field_names.translate(OWN_APPS)
        person_admin.register()
