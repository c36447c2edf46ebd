from django.apps import AppConfig


class EditionsConfig(AppConfig):
    name = "mingtang.editions"
    label = "editions"
    verbose_name = "公开库"
