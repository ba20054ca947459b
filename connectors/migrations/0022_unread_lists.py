from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('connectors', '0021_worded_quantities'),
    ]

    operations = [
        migrations.AddField(
            model_name='document',
            name='listed',
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name='referencestate',
            name='trouble',
            field=models.TextField(blank=True, default=''),
        ),
        migrations.AddField(
            model_name='referencestate',
            name='unreadable',
            field=models.TextField(blank=True, default=''),
        ),
    ]
