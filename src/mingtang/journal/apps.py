from django.apps import AppConfig


class JournalConfig(AppConfig):
    name = "mingtang.journal"
    label = "journal"
    verbose_name = "办事日志"

    def ready(self) -> None:
        from . import administration

        administration.connect()
