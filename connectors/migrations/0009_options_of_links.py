"""What is posted keeps the options that are in force now, so that nothing moves by this change."""

from django.db import migrations

from tenants.isolation import per_tenant

# The options that each flow keeps with its links, with their defaults on this day.
KEPT = {
    "procurify_to_zoho_books": {"order_status": "open", "bill_date": "posting"},
    "zoho_books_to_procore": {
        "posted_statuses": "open, approved, issued, billed, partially_billed, partially_received, "
        "received, billed_not_received, received_not_billed, manually_received, accepted, signed, "
        "to_be_received, to_be_billed, closed",
        "cost_code_from": "account",
        "cost_code_name": "",
        "project_field": "",
        "default_project": "",
        "unit": "ea",
    },
}


def keep_options(apps, schema_editor):
    link = apps.get_model("connectors", "Link")
    for integration in apps.get_model("connectors", "Integration").objects.all():
        kept = {
            name: integration.options.get(name, default)
            for name, default in KEPT.get(integration.flow, {}).items()
        }
        link.objects.filter(document__integration=integration).update(options=kept)


class Migration(migrations.Migration):
    dependencies = [
        ("connectors", "0008_policy_with_links"),
        ("tenants", "0002_isolation"),
    ]

    operations = [per_tenant(keep_options)]
