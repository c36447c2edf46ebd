from django.apps import AppConfig


class BakeConfig(AppConfig):
    name = "mingtang.bake"
    label = "bake"
    verbose_name = "烘焙"
