from django.apps import AppConfig


class NoticesConfig(AppConfig):
    name = "mingtang.notices"
    label = "notices"
    verbose_name = "通知"
