"""How a workspace writes dates, and the currency that its lists begin with."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("tenants", "0003_invitations")]

    operations = [
        migrations.AddField(
            "Tenant", "locale", models.CharField(max_length=16, default="en-gb")
        ),
        migrations.AddField(
            "Tenant", "base_currency", models.CharField(max_length=3, blank=True, default=""),
            preserve_default=False,
        ),
    ]
