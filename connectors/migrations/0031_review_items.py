"""Who looks after what waits for a person, until when it is put off, and what people say of it."""

import django.db.models.deletion
import connectors.core.clock
import tenants.models.owned
import tenants.scope
from django.db import migrations, models

from tenants.isolation import IsolateTenantTables


class Migration(migrations.Migration):

    dependencies = [
        ('connectors', '0030_unlinked_pairs'),
        ('tenants', '0003_invitations'),
    ]

    operations = [
        migrations.CreateModel(
            name='ReviewItem',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('snoozed_until', models.DateTimeField(blank=True, null=True)),
                ('assignee', tenants.models.owned.TenantForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='reviews', to='tenants.member')),
                ('document', tenants.models.owned.TenantForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='reviews', to='connectors.document')),
                ('failure', tenants.models.owned.TenantForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='reviews', to='connectors.mappingfailure')),
                ('tenant', models.ForeignKey(db_index=False, default=tenants.scope.current_tenant_id, editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenants.tenant')),
            ],
        ),
        migrations.CreateModel(
            name='ReviewComment',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('author', models.CharField(max_length=200)),
                ('text', models.TextField()),
                ('at', models.DateTimeField(default=connectors.core.clock.now, editable=False)),
                ('tenant', models.ForeignKey(db_index=False, default=tenants.scope.current_tenant_id, editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenants.tenant')),
                ('item', tenants.models.owned.TenantForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='comments', to='connectors.reviewitem')),
            ],
        ),
        migrations.AddConstraint(
            model_name='reviewitem',
            constraint=models.UniqueConstraint(fields=('tenant', 'failure'), name='one_review_of_failure'),
        ),
        migrations.AddConstraint(
            model_name='reviewitem',
            constraint=models.UniqueConstraint(fields=('tenant', 'document'), name='one_review_of_document'),
        ),
        migrations.AddConstraint(
            model_name='reviewitem',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('document__isnull', False), ('failure__isnull', True)), models.Q(('document__isnull', True), ('failure__isnull', False)), _connector='OR'), name='review_is_of_one_thing'),
        ),
        migrations.AddIndex(
            model_name='reviewcomment',
            index=models.Index(fields=['tenant', 'item', 'at'], name='comment_of_item'),
        ),
        IsolateTenantTables(),
    ]
