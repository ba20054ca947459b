from django.db import migrations, models

from tenants.isolation import per_tenant


def read_heads_again(apps, schema_editor):
    """Which part a record may be linked as is learnt when its head is read."""
    states = apps.get_model("connectors", "ReferenceState").objects
    states.filter(kind__startswith="index:").update(since="")


class Migration(migrations.Migration):

    dependencies = [
        ('connectors', '0010_proven_links'),
    ]

    operations = [
        migrations.AddField(
            model_name='targetrecord',
            name='part',
            field=models.CharField(blank=True, default='', max_length=80),
        ),
        per_tenant(read_heads_again),
    ]
