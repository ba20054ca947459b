from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('connectors', '0012_freed_documents'),
    ]

    operations = [
        migrations.AddField(
            model_name='link',
            name='doubles',
            field=models.JSONField(default=list),
        ),
    ]
