from django.apps import AppConfig


class InterpretationsConfig(AppConfig):
    name = "mingtang.interpretations"
    label = "interpretations"
    verbose_name = "政策解读"
