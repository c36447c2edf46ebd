from django.apps import AppConfig


class AuditConfig(AppConfig):
    name = "mingtang.audit"
    label = "audit"
    verbose_name = "审计"

    def ready(self) -> None:
        from mingtang.journal.names import register_event

        from .names import DROPPED, SEALED

        register_event(SEALED, "封存审计记录")
        register_event(DROPPED, "审计记录到期清理")
