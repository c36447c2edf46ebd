from django.apps import AppConfig


class IntakeConfig(AppConfig):
    name = "mingtang.intake"
    label = "intake"
    verbose_name = "收件"
