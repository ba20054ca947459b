"""Sets Django up where it is imported first, for processes that are started with an environment."""

import django

django.setup()
