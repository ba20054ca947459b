"""Staff pages of what connects systems, a file per noun; Django finds them by importing this."""

from connectors.admin.alert import AlertAdmin
from connectors.admin.connection import ConnectionAdmin
from connectors.admin.document import DocumentAdmin
from connectors.admin.inbox_event import InboxEventAdmin
from connectors.admin.integration import IntegrationAdmin
from connectors.admin.mapping import MappingAdmin
from connectors.admin.mapping_failure import MappingFailureAdmin
from connectors.admin.reference_item import ReferenceItemAdmin
from connectors.admin.run import RunAdmin
from connectors.admin.webhook_endpoint import WebhookEndpointAdmin

__all__ = [
    "AlertAdmin",
    "ConnectionAdmin",
    "DocumentAdmin",
    "InboxEventAdmin",
    "IntegrationAdmin",
    "MappingAdmin",
    "MappingFailureAdmin",
    "ReferenceItemAdmin",
    "RunAdmin",
    "WebhookEndpointAdmin",
]
