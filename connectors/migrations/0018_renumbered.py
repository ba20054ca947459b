from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('connectors', '0017_rests'),
    ]

    operations = [
        migrations.AddField(
            model_name='document',
            name='renumbered',
            field=models.PositiveSmallIntegerField(default=0),
        ),
    ]
