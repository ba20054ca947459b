"""What every tenant-owned table shares: the tenant column, and foreign keys that include it.

PostgreSQL checks foreign keys without row-level security, so a key that names only an id could
point into another tenant. The fields here leave the constraint to ``tenants.isolation``, which
makes it (tenant_id, id).
"""

from typing import Any

from django.core import checks
from django.db import models

from tenants.scope import current_tenant_id


class TenantOwned(models.Model):
    """Base of every table whose rows belong to one tenant.

    The tenant defaults to the open scope's. A migration of the same app must run
    ``tenants.isolation.IsolateTenantTables()`` after the table exists.
    """

    tenant = models.ForeignKey(
        "tenants.Tenant",
        on_delete=models.PROTECT,
        default=current_tenant_id,
        editable=False,
        # The unique index on (tenant_id, id) that isolation adds serves this look-up.
        db_index=False,
        related_name="+",
    )

    class Meta:
        abstract = True


class _CompositeKey(models.ForeignKey[Any, Any]):
    """Behaviour of a foreign key between two tenant-owned tables."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs["db_constraint"] = False  # the composite constraint takes its place
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> tuple[str, str, Any, dict[str, Any]]:
        name, path, args, kwargs = super().deconstruct()
        kwargs.pop("db_constraint", None)
        return name, path, args, kwargs

    def check(self, **kwargs: Any) -> list[checks.CheckMessage]:
        return [*super().check(**kwargs), *self._check_both_ends()]

    def _check_both_ends(self) -> list[checks.CheckMessage]:
        return [
            checks.Error(
                f"{model._meta.label} is not tenant-owned, so a key cannot include its tenant.",
                hint="Use TenantOwned as a base of both models, or a plain foreign key.",
                obj=self,
                id="tenants.E001",
            )
            for model in (self.model, self.remote_field.model)
            if isinstance(model, type) and not issubclass(model, TenantOwned)
        ]


class TenantForeignKey(_CompositeKey):
    """A foreign key from one tenant-owned table to another."""


class TenantOneToOneField(_CompositeKey, models.OneToOneField[Any, Any]):
    """A one-to-one key from one tenant-owned table to another."""
