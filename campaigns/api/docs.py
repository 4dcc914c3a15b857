"""The schema, and the page that shows it and tries it out."""

from __future__ import annotations

from typing import Any

from drf_spectacular.views import SpectacularJSONAPIView, SpectacularSwaggerSplitView
from rest_framework.permissions import AllowAny


class SchemaView(SpectacularJSONAPIView):
    """GET /api/v1/schema/: open to everybody, for nothing in it is anybody's."""

    authentication_classes: Any = ()
    permission_classes: Any = (AllowAny,)
    throttle_classes = ()
    schema = None


class DocsView(SpectacularSwaggerSplitView):
    """GET /api/v1/docs/: try it out in the browser, signed in or with a key."""

    permission_classes: Any = (AllowAny,)
    throttle_classes = ()
    template_name = "api/docs.html"
    title = "leadrej API"
    url_name = "api_schema"
    schema = None
