"""The ASGI application that `oarlock serve` runs."""

from __future__ import annotations

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "oarlock.community.settings")
django_application = get_asgi_application()

from django.conf import settings  # noqa: E402 - after Django is set up

from oarlock.community.ops.bodies import BodyLimit  # noqa: E402
from oarlock.community.ops.once import warm_up  # noqa: E402

application = BodyLimit(
    django_application,  # type: ignore[arg-type]
    limit=settings.DATA_UPLOAD_MAX_MEMORY_SIZE,
)
warm_up()
