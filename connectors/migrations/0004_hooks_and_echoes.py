from django.db import migrations, models

from tenants.isolation import RoutingFunction

# Daily; what did not succeed is tried again after some minutes.
HOOKS = """
SELECT e.tenant_id, e.id FROM connectors_webhookendpoint e
JOIN connectors_connection c ON c.id = e.connection_id
WHERE c.health IN ('new', 'ready') AND (
    e.checked_at IS NULL OR e.checked_at <= checked_before
    OR (e.hooks_words <> '' AND e.checked_at <= now() - interval '10 minutes')
)
"""


class Migration(migrations.Migration):

    dependencies = [
        ('connectors', '0003_inbox_and_drift'),
    ]

    operations = [
        migrations.AlterField(
            model_name='inboxevent',
            name='status',
            field=models.CharField(choices=[('pending', 'pending'), ('done', 'followed'), ('ignored', 'nothing to follow')], default='pending', max_length=10),
        ),
        RoutingFunction("routing_hooks", HOOKS),
    ]
