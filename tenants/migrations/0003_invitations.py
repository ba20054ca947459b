"""Invitations into a tenant, and a confirmed address for everybody whom staff have added."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import connectors.core.clock
import tenants.scope
from tenants.isolation import IsolateTenantTables

ROLES = [("owner", "Owner"), ("admin", "Admin"), ("operator", "Operator"), ("viewer", "Viewer")]


def confirm_addresses(apps, schema_editor):
    """Nobody has signed up by themselves before this migration."""
    User = apps.get_model("tenants", "User")
    EmailAddress = apps.get_model("account", "EmailAddress")
    known = set(EmailAddress.objects.values_list("user_id", flat=True))
    EmailAddress.objects.bulk_create(
        EmailAddress(user_id=person.pk, email=person.email, verified=True, primary=True)
        for person in User.objects.exclude(pk__in=known).iterator()
    )


class Migration(migrations.Migration):
    dependencies = [
        ("tenants", "0002_isolation"),
        ("account", "0009_emailaddress_unique_primary_email"),
    ]

    operations = [
        migrations.CreateModel(
            name="Invitation",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("email", models.EmailField(max_length=254)),
                ("role", models.CharField(choices=ROLES, max_length=16)),
                (
                    "created_at",
                    models.DateTimeField(default=connectors.core.clock.now, editable=False),
                ),
                ("ends_at", models.DateTimeField()),
                ("accepted_at", models.DateTimeField(blank=True, null=True)),
                (
                    "invited_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "tenant",
                    models.ForeignKey(
                        db_index=False,
                        default=tenants.scope.current_tenant_id,
                        editable=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="tenants.tenant",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("accepted_at", None)),
                        fields=("tenant", "email"),
                        name="one_open_invitation",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("role__in", [key for key, _ in ROLES])),
                        name="invitation_role_is_known",
                    ),
                ],
            },
        ),
        IsolateTenantTables(),
        migrations.RunPython(confirm_addresses, migrations.RunPython.noop),
    ]
