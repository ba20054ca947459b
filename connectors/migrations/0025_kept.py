"""Tables that are kept for good cannot be emptied at one stroke."""

from django.db import migrations

from tenants.isolation import RefuseTruncate


class Migration(migrations.Migration):
    dependencies = [("connectors", "0024_confirmed_account"), ("audit", "0003_kept")]

    operations = [
        RefuseTruncate("Attempt"),
        RefuseTruncate("Outcome"),
        RefuseTruncate("Document"),
        RefuseTruncate("Link"),
    ]
