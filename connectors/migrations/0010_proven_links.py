from django.db import migrations, models

from tenants.isolation import per_tenant

# What flows said of links that an id has proved, until a link itself said so.
BY_ID = ("it carries our origin id", "it was made for that project", "external id in Procurify")


def tell_how_links_were_made(apps, schema_editor):
    """Links by an id are told from those by a name; Procore's lists are read anew, since rows say
    more of currencies and codes than they did.
    """
    automatic = apps.get_model("connectors", "Mapping").objects.filter(origin="automatic")
    for words in BY_ID:
        automatic.filter(evidence__startswith=words).update(origin="external_id")
    states = apps.get_model("connectors", "ReferenceState").objects
    states.filter(connection__provider="procore", kind__in=["project", "cost_code"]).update(
        read_at=None
    )


class Migration(migrations.Migration):

    dependencies = [
        ('connectors', '0009_options_of_links'),
    ]

    operations = [
        migrations.AlterField(
            model_name='mapping',
            name='origin',
            field=models.CharField(choices=[('automatic', 'linked automatically, by what looks the same'), ('external_id', 'linked automatically, by an id'), ('person', 'chosen by a person'), ('import', 'imported')], max_length=12),
        ),
        per_tenant(tell_how_links_were_made),
    ]
