from django.apps import AppConfig


class ChannelsConfig(AppConfig):
    name = "mingtang.channels"
    label = "channels"
    verbose_name = "渠道"
