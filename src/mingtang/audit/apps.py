from django.apps import AppConfig


class AuditConfig(AppConfig):
    name = "mingtang.audit"
    label = "audit"
    verbose_name = "审计"
