"""The staff's pages on usage: what clients meter, and what was metered, under its partner and its project.

Partners and projects are the pages of partnership's admin with ours beside: an app knows those
below it, so theirs take the place of the plain ones.
"""

from django.contrib import admin

from partnership.admin.partner import PartnerAdmin
from partnership.admin.projects import ProjectAdmin
from partnership.models import Partner, Project
from usage.admin.alerts import AlertAdmin
from usage.admin.metering_scope import MeteringScopeAdmin
from usage.admin.partner import MeteredPartnerAdmin
from usage.admin.project import MeteredProjectAdmin
from usage.models import Alert, MeteringScope

for model, plain in ((Partner, PartnerAdmin), (Project, ProjectAdmin)):
    assert type(admin.site.get_model_admin(model)) is plain
    admin.site.unregister(model)

admin.site.register(Alert, AlertAdmin)
admin.site.register(MeteringScope, MeteringScopeAdmin)
admin.site.register(Partner, MeteredPartnerAdmin)
admin.site.register(Project, MeteredProjectAdmin)
