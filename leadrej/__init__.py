"""The frame around the apps: settings, site map, Celery, embedded services. No app imports it."""

from leadrej.celery import app as celery_app

__all__ = ["celery_app"]
