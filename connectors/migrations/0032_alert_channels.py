"""Channels for alerts, the messages that go there, and what else can be told of."""

import connectors.core.clock
import connectors.models.alert_channel
import datetime
import django.db.models.deletion
import encrypted_model_fields.fields
import tenants.models.owned
import tenants.scope
import uuid
from django.db import migrations, models

from tenants.isolation import IsolateTenantTables, RoutingFunction

# Late runs and quotas are told of by channels only.
ALERTS = """
SELECT c.tenant_id FROM connectors_connection c
WHERE c.health NOT IN ('new', 'ready') AND c.alerted_at IS NULL
UNION
SELECT n.tenant_id FROM (
    SELECT f.tenant_id FROM connectors_mappingfailure f
    WHERE f.status = 'open' AND f.alerted_at IS NULL
    UNION
    SELECT d.tenant_id FROM connectors_document d WHERE d.state = 'held' AND d.told <> d.reason
    UNION
    SELECT r.tenant_id FROM connectors_run r WHERE r.status = 'failed' AND r.alerted_at IS NULL
    UNION
    SELECT e.tenant_id FROM connectors_webhookendpoint e
    WHERE e.unopened_at IS NOT NULL AND e.alerted_at IS NULL
    UNION
    SELECT r.tenant_id FROM connectors_run r
    JOIN connectors_integration i ON i.id = r.integration_id
    WHERE r.status IN ('queued', 'running') AND NOT r.dry AND r.late_told_at IS NULL
        AND r.queued_at < now() - greatest(
            interval '1 hour', 2 * i.interval_minutes * interval '1 minute')
        AND EXISTS (
            SELECT 1 FROM connectors_alertchannel h
            WHERE h.tenant_id = r.tenant_id AND h.enabled AND h.topics ? 'runs'
        )
    UNION
    SELECT c.tenant_id FROM connectors_connection c
    WHERE c.resting_until > now()
        AND (c.rest_told_until IS NULL OR c.rest_told_until < now())
        AND EXISTS (
            SELECT 1 FROM connectors_alertchannel h
            WHERE h.tenant_id = c.tenant_id AND h.enabled AND h.topics ? 'quota'
        )
) n
WHERE NOT EXISTS (
    SELECT 1 FROM connectors_alert a WHERE a.tenant_id = n.tenant_id AND a.at > quiet_since
)
"""

DELIVERIES = """
SELECT DISTINCT d.tenant_id FROM connectors_alertdelivery d
WHERE d.status = 'pending' AND d.next_at <= now() AND d.leased_until <= now()
LIMIT most
"""


class Migration(migrations.Migration):

    dependencies = [
        ('connectors', '0031_review_items'),
        ('tenants', '0003_invitations'),
    ]

    operations = [
        migrations.AddField(
            model_name='connection',
            name='rest_told_until',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='run',
            name='late_told_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.CreateModel(
            name='AlertChannel',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('slack', 'Slack or compatible'), ('webhook', 'Signed webhook'), ('email', 'E-mail to a member')], max_length=8)),
                ('name', models.CharField(max_length=300)),
                ('own', models.BooleanField(default=False)),
                ('secret_id', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('sealed_target', encrypted_model_fields.fields.EncryptedTextField(blank=True, default='', editable=False)),
                ('host', models.CharField(blank=True, default='', max_length=255)),
                ('topics', models.JSONField(default=connectors.models.alert_channel.every_topic)),
                ('pace', models.CharField(choices=[('at_once', 'At once'), ('daily', 'Once a day')], default='at_once', max_length=8)),
                ('hour', models.PositiveSmallIntegerField(default=8)),
                ('enabled', models.BooleanField(default=True)),
                ('failures', models.PositiveIntegerField(default=0)),
                ('off_words', models.TextField(blank=True, default='')),
                ('created_at', models.DateTimeField(default=connectors.core.clock.now, editable=False)),
                ('member', tenants.models.owned.TenantForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='alert_channels', to='tenants.member')),
                ('tenant', models.ForeignKey(db_index=False, default=tenants.scope.current_tenant_id, editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenants.tenant')),
            ],
        ),
        migrations.CreateModel(
            name='AlertDelivery',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('slack', 'Slack or compatible'), ('webhook', 'Signed webhook'), ('email', 'E-mail to a member')], max_length=8)),
                ('to', models.CharField(max_length=255)),
                ('by_default', models.BooleanField(default=False)),
                ('staff_pages', models.BooleanField(default=False)),
                ('test', models.BooleanField(default=False)),
                ('message_id', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('subject', models.CharField(max_length=300)),
                ('groups', models.JSONField(default=list)),
                ('status', models.CharField(choices=[('pending', 'To be sent'), ('sent', 'Sent'), ('failed', 'Given up'), ('dropped', 'Not sent')], default='pending', max_length=8)),
                ('tries', models.PositiveSmallIntegerField(default=0)),
                ('next_at', models.DateTimeField(default=connectors.core.clock.now)),
                ('leased_until', models.DateTimeField(default=datetime.datetime(1970, 1, 1, 0, 0, tzinfo=datetime.timezone.utc))),
                ('answer', models.PositiveSmallIntegerField(blank=True, null=True)),
                ('words', models.TextField(blank=True, default='')),
                ('at', models.DateTimeField(default=connectors.core.clock.now, editable=False)),
                ('done_at', models.DateTimeField(blank=True, null=True)),
                ('channel', tenants.models.owned.TenantForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='deliveries', to='connectors.alertchannel')),
                ('tenant', models.ForeignKey(db_index=False, default=tenants.scope.current_tenant_id, editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenants.tenant')),
            ],
        ),
        migrations.AddConstraint(
            model_name='alertchannel',
            constraint=models.UniqueConstraint(fields=('tenant', 'name'), name='alert_channel_name'),
        ),
        migrations.AddConstraint(
            model_name='alertchannel',
            constraint=models.UniqueConstraint(fields=('tenant', 'member'), name='one_channel_per_member'),
        ),
        migrations.AddConstraint(
            model_name='alertchannel',
            constraint=models.CheckConstraint(condition=models.Q(('hour__lte', 23)), name='alert_hour_of_a_day'),
        ),
        migrations.AddConstraint(
            model_name='alertchannel',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('kind', 'email'), _negated=True), ('member__isnull', False), _connector='OR'), name='alert_mail_goes_to_a_member'),
        ),
        migrations.AddIndex(
            model_name='alertdelivery',
            index=models.Index(condition=models.Q(('status', 'pending')), fields=['tenant', 'next_at'], name='alert_delivery_pending'),
        ),
        migrations.AddIndex(
            model_name='alertdelivery',
            index=models.Index(fields=['tenant', 'channel', '-at'], name='alert_delivery_latest'),
        ),
        IsolateTenantTables(),
        RoutingFunction("routing_alerts", ALERTS),
        RoutingFunction("routing_alert_deliveries", DELIVERIES),
    ]
