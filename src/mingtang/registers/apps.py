from django.apps import AppConfig


class RegistersConfig(AppConfig):
    name = "mingtang.registers"
    label = "registers"
    verbose_name = "清单和台账"
