from django.apps import AppConfig
from django.core.exceptions import ImproperlyConfigured


class DutiesConfig(AppConfig):
    name = "mingtang.duties"
    label = "duties"
    verbose_name = "职责与时限"

    def ready(self) -> None:
        """Refuse to start when a duty that can open here asks for a fact that nobody provides."""
        from .selectors import missing_facts

        missing = missing_facts()
        if missing:
            raise ImproperlyConfigured("facts that nobody provides: " + "; ".join(missing))
