"""Makes the project itself a Django application, and the staff site Django's admin.

Being loaded with Django, it registers the system checks and makes every process that may ring a
bell, web and commands included, ring it through our Celery.
"""

from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig

from config import celery as celery
from config import checks


class ProjectConfig(AppConfig):
    """Holds no models: only a place in INSTALLED_APPS."""

    name = "config"
    label = "project"
    verbose_name = "Project"

    def ready(self) -> None:
        """Register the checks once all applications are known."""
        checks.register_all()


class StaffAdminConfig(AdminConfig):
    """Django's admin with the staff site in place of its own."""

    default_site = "tenants.staff.site.StaffSite"
