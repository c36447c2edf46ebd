from django.apps import AppConfig


class WebsitesConfig(AppConfig):
    name = "mingtang.websites"
    label = "websites"
    verbose_name = "网站"
