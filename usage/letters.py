"""What people are told about usage."""

from django.conf import settings
from django.utils.translation import gettext as _

from accounts.mail import Letter
from usage.metrics import METRICS, with_unit
from usage.models import Alert, Firing


def threshold_reached(firing: Firing) -> Letter:
    alert, metric = firing.alert, METRICS[firing.alert.metric]
    whose = alert.project.name if alert.project else _("all projects of %(name)s") % {"name": alert.partner.name}
    month, day = f"{firing.period_first:%Y-%m}", firing.period_first.isoformat()
    values = {
        "whose": whose,
        "metric": metric.title,
        "threshold": with_unit(alert.threshold, metric),
        "amount": with_unit(firing.amounts["after"], metric),
        "period": month if alert.period == Alert.Period.MONTH else day,
        "environment": alert.get_environment_display(),
    }
    text = _("%(metric)s of %(whose)s (%(environment)s) came to %(amount)s in %(period)s (UTC).")
    return Letter(
        subject=_("%(metric)s of %(whose)s reached %(threshold)s") % values,
        text=" ".join([text, _("The threshold is %(threshold)s.")]) % values,
        lines=[
            _("Reached by event %(id)s of %(source)s") % {"id": firing.event_id, "source": firing.source},
            _("You are told once in this period."),
        ],
        link=f"{settings.BASE_URL}/docs",
        link_text=_("How alerts are read, changed and deleted"),
        not_you=_("You get this mail because an alert was set for this partnership. Write to %(support)s.")
        % {"support": settings.SUPPORT_EMAIL},
    )
