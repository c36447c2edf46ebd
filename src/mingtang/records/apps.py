from django.apps import AppConfig
from django.core.exceptions import ImproperlyConfigured
from django.utils.module_loading import autodiscover_modules


class RecordsConfig(AppConfig):
    name = "mingtang.records"
    label = "records"
    verbose_name = "事项"

    def ready(self) -> None:
        """Collect every room's declarations, then refuse to start on a name that nobody provides."""
        autodiscover_modules("facts", "gates", "effects", "subscribers", "spec")
        from . import handling  # noqa: F401
        from .spec import check_registrations

        missing = check_registrations()
        if missing:
            raise ImproperlyConfigured("names that nobody provides: " + "; ".join(missing))
