"""Which integration and which kind a page of mappings is about, and what people call them."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from connectors import registry
from connectors.core.flow import Flow
from connectors.core.storable import storable_text
from connectors.dashboard.names import mapping_kind_name, provider_name
from connectors.dashboard.workspace import Workspace
from connectors.models import Integration
from tenants.scope import tenant_scope
from tenants.staff.model_admin import row_number

_HIDDEN = ("source__sealed_credentials", "target__sealed_credentials")


@dataclass(frozen=True, slots=True)
class Place:
    """A kind of mapping of one integration."""

    integration: Integration
    kind: str

    @property
    def flow(self) -> Flow:
        return registry.flow(self.integration.flow)

    @property
    def title(self) -> str:
        """“Vendor”, “Cost code”."""
        return mapping_kind_name(self.integration.flow, self.kind)

    @property
    def noun(self) -> str:
        return self.title.lower()

    @property
    def source(self) -> str:
        return provider_name(self.integration.source.provider)

    @property
    def there(self) -> str:
        return provider_name(self.integration.target.provider)

    @property
    def query(self) -> str:
        """The same place as the query of an address."""
        return urlencode({"integration": self.integration.pk, "kind": self.kind})

    def back(self, here: Workspace) -> str:
        """The list of this kind."""
        return f"{here.url('mappings')}?{self.query}"


def integrations() -> list[Integration]:
    """All of the workspace by name; inside its scope."""
    rows = Integration.objects.select_related("source", "target").defer(*_HIDDEN)
    return list(rows.order_by("name"))


def place_of(here: Workspace, given: Mapping[str, str]) -> Place | None:
    """What an address or a form names; None where the workspace has no such integration or kind."""
    wanted = row_number(given.get("integration", ""))
    with tenant_scope(here.tenant_id):
        chosen = next((row for row in integrations() if row.pk == wanted), None)
    kind = given.get("kind", "")
    if chosen is None or kind not in registry.flow(chosen.flow).mapping_kinds:
        return None
    return Place(chosen, kind)


def source_of(given: Mapping[str, str]) -> str:
    """The source's key that an address or a form names."""
    return storable_text(given.get("source", ""))[:200]
