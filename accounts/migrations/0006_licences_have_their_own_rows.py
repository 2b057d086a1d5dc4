"""Where a practitioner may practise is told by their licences alone."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("accounts", "0005_licences_so_far")]

    operations = [migrations.RemoveField("practitioner", "licence_regions")]
