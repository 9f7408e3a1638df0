"""Names for the columns that have none of their own, where staff read them in the admin.

Django names such a column after itself, in English. A name in the model would be a migration.
"""

from django.apps import apps
from django.utils.translation import gettext_lazy, gettext_noop

NAMES = (
    gettext_noop("ID"),
    gettext_noop("actor id"),
    gettext_noop("actor kind"),
    gettext_noop("actor name"),
    gettext_noop("attempts"),
    gettext_noop("auth method"),
    gettext_noop("cancel requested at"),
    gettext_noop("created at"),
    gettext_noop("deadline at"),
    gettext_noop("deleted at"),
    gettext_noop("disabled reason"),
    gettext_noop("document etag"),
    gettext_noop("due at"),
    gettext_noop("error code"),
    gettext_noop("error message"),
    gettext_noop("failing since"),
    gettext_noop("finished at"),
    gettext_noop("given"),
    gettext_noop("id"),
    gettext_noop("instance type"),
    gettext_noop("is replay"),
    gettext_noop("is retryable"),
    gettext_noop("last activity at"),
    gettext_noop("last attempt at"),
    gettext_noop("occurred at"),
    gettext_noop("operation status"),
    gettext_noop("organization"),
    gettext_noop("partner"),
    gettext_noop("previous secret expires at"),
    gettext_noop("project"),
    gettext_noop("provisioner"),
    gettext_noop("region"),
    gettext_noop("request id"),
    gettext_noop("response status"),
    gettext_noop("rests until"),
    gettext_noop("service version"),
    gettext_noop("staff told at"),
    gettext_noop("started at"),
    gettext_noop("updated at"),
    gettext_noop("user"),
    gettext_noop("uuid"),
)

# Of the toolkit, which marks them and brings no catalogue.
OF_THE_TOOLKIT = (
    gettext_noop("redirect URIs"),
    gettext_noop("post logout redirect URIs"),
    gettext_noop("client type"),
    gettext_noop("allowed origins"),
    gettext_noop("registration source"),
    gettext_noop("Confidential"),
    gettext_noop("Public"),
    gettext_noop("Manual"),
    gettext_noop("Dynamic Client Registration"),
    gettext_noop("Client ID Metadata Document"),
)


def translate(app_labels: frozenset[str]) -> None:
    """Gives the columns of the apps' models their names in the reader's language."""
    for label in app_labels:
        for model in apps.get_app_config(label).get_models():
            for field in model._meta.concrete_fields:
                if str(field.verbose_name) in NAMES:
                    field.verbose_name = gettext_lazy(str(field.verbose_name))
