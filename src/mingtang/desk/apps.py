from django.apps import AppConfig


class DeskConfig(AppConfig):
    name = "mingtang.desk"
    label = "desk"
    verbose_name = "办公台"
