from django.db import migrations
from django.db.models import F, Func, Value

from tenants.isolation import per_tenant

# As core.names had them at that time.
DASHES = (
    "-\u058a\u05be\u1400\u1806\u2010\u2011\u2012\u2013\u2014\u2015\u2e17\u2e1a\u2e3a\u2e3b\u2e40"
    "\u2e5d\u301c\u3030\u30a0\ufe31\ufe32\ufe58\ufe63\uff0d\U00010ead\u2212\u00ad"
)


def fold_dashes(apps, schema_editor):
    """Numbers are compared without their dashes; heads are read again, for their days."""
    folded = Func(F("twin_number"), Value(DASHES), Value(""), function="translate")
    for name in ("Document", "TargetRecord"):
        rows = apps.get_model("connectors", name).objects.exclude(twin_number="")
        rows.update(twin_number=folded)
    states = apps.get_model("connectors", "ReferenceState").objects
    states.filter(kind__startswith="index:").update(since="")


class Migration(migrations.Migration):

    dependencies = [
        ('connectors', '0006_marks_and_days'),
    ]

    operations = [
        per_tenant(fold_dashes),
    ]
