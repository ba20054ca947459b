"""Dry runs are kept as fit reports, and an integration may make them by its schedule."""

import django.db.models.deletion
from django.db import migrations, models

import tenants.models.owned
import tenants.scope
from tenants.isolation import IsolateTenantTables, RoutingFunction

# As before, for those in shadow too.
DUE_INTEGRATIONS = """
SELECT i.tenant_id, i.id FROM connectors_integration i
WHERE (i.enabled OR i.shadow) AND i.next_run_at <= now() AND NOT EXISTS (
    SELECT 1 FROM connectors_connection c
    WHERE c.id IN (i.source_id, i.target_id)
        AND (c.health NOT IN ('new', 'ready') OR c.resting_until > now())
)
ORDER BY row_number() OVER (PARTITION BY i.tenant_id ORDER BY i.next_run_at), i.next_run_at
LIMIT most
"""


class Migration(migrations.Migration):
    dependencies = [
        ("connectors", "0028_emptied_attempts"),
        ("tenants", "0003_invitations"),
    ]

    operations = [
        # What was foreseen before says too little to be kept; a dry run makes it anew.
        migrations.RunSQL("TRUNCATE connectors_foreseen", migrations.RunSQL.noop),
        migrations.CreateModel(
            name="FitReport",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("made_at", models.DateTimeField()),
                ("content", models.JSONField(default=dict)),
                ("shares", models.PositiveIntegerField(default=0)),
                ("shared_until", models.DateTimeField(blank=True, null=True)),
            ],
        ),
        migrations.RemoveConstraint(
            model_name="foreseen",
            name="one_foreseen",
        ),
        migrations.RemoveIndex(
            model_name="foreseen",
            name="foreseen_outcome",
        ),
        migrations.RemoveIndex(
            model_name="integration",
            name="integration_next_run",
        ),
        migrations.AlterField(
            model_name="foreseen",
            name="outcome",
            field=models.CharField(
                choices=[
                    ("post", "would be posted"),
                    ("change", "would be changed"),
                    ("cancel", "would be cancelled"),
                    ("wait", "would wait"),
                    ("hold", "would be held"),
                    ("stands", "stands there already"),
                    ("nothing", "nothing to do"),
                    ("later", "could not be read now"),
                ],
                max_length=8,
            ),
        ),
        migrations.AddField(
            model_name="foreseen",
            name="calls",
            field=models.PositiveIntegerField(default=0),
        ),
        migrations.AddField(
            model_name="foreseen",
            name="currency",
            field=models.CharField(blank=True, default="", max_length=3),
        ),
        migrations.AddField(
            model_name="foreseen",
            name="day",
            field=models.DateField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="foreseen",
            name="existing",
            field=models.JSONField(blank=True, default=list),
        ),
        migrations.AddField(
            model_name="foreseen",
            name="linkable",
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name="foreseen",
            name="number",
            field=models.CharField(blank=True, default="", max_length=120),
        ),
        migrations.AddField(
            model_name="foreseen",
            name="party",
            field=models.CharField(blank=True, default="", max_length=300),
        ),
        migrations.AddField(
            model_name="foreseen",
            name="stream",
            field=models.CharField(default="", max_length=40),
        ),
        migrations.AddField(
            model_name="foreseen",
            name="total",
            field=models.DecimalField(blank=True, decimal_places=6, max_digits=20, null=True),
        ),
        migrations.AddField(
            model_name="foreseen",
            name="version",
            field=models.CharField(blank=True, default="", max_length=80),
        ),
        migrations.AddField(
            model_name="integration",
            name="shadow",
            field=models.BooleanField(default=False),
        ),
        migrations.AddIndex(
            model_name="foreseen",
            index=models.Index(
                fields=["tenant", "run", "outcome", "group"], name="foreseen_outcome"
            ),
        ),
        migrations.AddIndex(
            model_name="integration",
            index=models.Index(
                condition=models.Q(("next_run_at__isnull", False)),
                fields=["next_run_at"],
                name="integration_next_run",
            ),
        ),
        migrations.AddConstraint(
            model_name="foreseen",
            constraint=models.UniqueConstraint(
                fields=("tenant", "run", "document"), name="one_foreseen"
            ),
        ),
        migrations.AddConstraint(
            model_name="integration",
            constraint=models.CheckConstraint(
                condition=models.Q(("enabled", False), ("shadow", False), _connector="OR"),
                name="integration_live_or_shadow",
            ),
        ),
        migrations.AddField(
            model_name="fitreport",
            name="integration",
            field=tenants.models.owned.TenantForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="fits",
                to="connectors.integration",
            ),
        ),
        migrations.AddField(
            model_name="fitreport",
            name="run",
            field=tenants.models.owned.TenantForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="+", to="connectors.run"
            ),
        ),
        migrations.AddField(
            model_name="fitreport",
            name="tenant",
            field=models.ForeignKey(
                db_index=False,
                default=tenants.scope.current_tenant_id,
                editable=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="tenants.tenant",
            ),
        ),
        migrations.AddIndex(
            model_name="fitreport",
            index=models.Index(fields=["tenant", "integration", "-made_at"], name="fit_latest"),
        ),
        migrations.AddConstraint(
            model_name="fitreport",
            constraint=models.UniqueConstraint(fields=("tenant", "run"), name="one_fit_report"),
        ),
        migrations.AddField(
            model_name="connection",
            name="asked",
            field=models.CharField(blank=True, default="", editable=False, max_length=43),
        ),
        migrations.AddField(
            model_name="connection",
            name="asked_until",
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
        RoutingFunction("routing_due_integrations", DUE_INTEGRATIONS),
        IsolateTenantTables(),
    ]
