"""The platform's own chain: events that are only ever added, and their head."""

from django.db import migrations, models

from tenants.isolation import AppendOnly, RefuseTruncate


class Migration(migrations.Migration):

    dependencies = [
        ('audit', '0003_kept'),
    ]

    operations = [
        migrations.CreateModel(
            name='PlatformEvent',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('sequence', models.BigIntegerField(unique=True)),
                ('at', models.DateTimeField(db_index=True)),
                ('actor', models.CharField(max_length=200)),
                ('action', models.CharField(max_length=80)),
                ('subject', models.CharField(blank=True, max_length=300)),
                ('details', models.JSONField(default=dict)),
                ('previous_hash', models.CharField(max_length=64)),
                ('hash', models.CharField(max_length=64)),
            ],
            options={
                'ordering': ('sequence',),
            },
        ),
        migrations.CreateModel(
            name='PlatformHead',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('sequence', models.BigIntegerField(default=0)),
                ('hash', models.CharField(default='0000000000000000000000000000000000000000000000000000000000000000', max_length=64)),
            ],
        ),
        AppendOnly("PlatformEvent"),
        RefuseTruncate("PlatformEvent"),
        RefuseTruncate("PlatformHead"),
    ]
