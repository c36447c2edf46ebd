from django.apps import AppConfig


class DeskConfig(AppConfig):
    name = "mingtang.desk"
    label = "desk"
    verbose_name = "办公台"

    def ready(self) -> None:
        from . import sign_in_journal

        sign_in_journal.connect()
