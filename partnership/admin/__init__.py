"""The staff's pages on partners, what they made, and the catalog. Secrets, keys and digests have none."""

from django.contrib import admin

from partnership.admin.catalog import InstanceTypeAdmin, ProvisionerAdmin, RegionAdmin, ServiceVersionAdmin
from partnership.admin.events import EventAdmin
from partnership.admin.logged_calls import LoggedCallAdmin
from partnership.admin.operations import OperationAdmin
from partnership.admin.partner import PartnerAdmin
from partnership.admin.projects import ProjectAdmin
from partnership.admin.webhooks import DeliveryAdmin, WebhookAdmin
from partnership.models import (
    Delivery,
    Event,
    InstanceType,
    LoggedCall,
    Operation,
    Partner,
    Project,
    Provisioner,
    Region,
    ServiceVersion,
    Webhook,
)

admin.site.register(Partner, PartnerAdmin)
admin.site.register(Project, ProjectAdmin)
admin.site.register(Operation, OperationAdmin)
admin.site.register(Webhook, WebhookAdmin)
admin.site.register(Delivery, DeliveryAdmin)
admin.site.register(Event, EventAdmin)
admin.site.register(LoggedCall, LoggedCallAdmin)
admin.site.register(Provisioner, ProvisionerAdmin)
admin.site.register(Region, RegionAdmin)
admin.site.register(InstanceType, InstanceTypeAdmin)
admin.site.register(ServiceVersion, ServiceVersionAdmin)
