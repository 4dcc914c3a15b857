from django.apps import AppConfig


class RejectionsConfig(AppConfig):
    name = "rejections"
    default_auto_field = "django.db.models.BigAutoField"
