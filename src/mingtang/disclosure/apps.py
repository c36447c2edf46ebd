from django.apps import AppConfig


class DisclosureConfig(AppConfig):
    name = "mingtang.disclosure"
    label = "disclosure"
    verbose_name = "公开审查"
