from django.apps import AppConfig


class DeskConfig(AppConfig):
    name = "mingtang.desk"
    label = "desk"
    verbose_name = "办公台"

    def ready(self) -> None:
        from . import handing_over, sign_in_journal  # noqa: F401

        sign_in_journal.connect()
