from django.apps import AppConfig


class DocumentsConfig(AppConfig):
    name = "mingtang.documents"
    label = "documents"
    verbose_name = "公文"
