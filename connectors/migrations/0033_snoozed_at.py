"""When somebody put a thing off: what is decided anew after that is in the queue again."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('connectors', '0032_alert_channels'),
    ]

    operations = [
        migrations.AddField(
            model_name='reviewitem',
            name='snoozed_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
    ]
