"""Registers the connector application with Django; everything else is found by its name."""

from django.apps import AppConfig


class ConnectorsConfig(AppConfig):
    """Models, tasks, commands and admin of what connects systems."""

    name = "connectors"
    verbose_name = "Connectors"
