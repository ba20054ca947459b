"""Makes the project itself a Django application, so that its system checks are registered."""

from django.apps import AppConfig

from config import checks


class ProjectConfig(AppConfig):
    """Holds no models: only a place in INSTALLED_APPS."""

    name = "config"
    label = "project"
    verbose_name = "Project"

    def ready(self) -> None:
        """Register the checks once all applications are known."""
        checks.register_all()
