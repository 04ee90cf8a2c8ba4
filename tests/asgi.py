"""The tests' site for ASGI servers that want an object."""

from django.core.asgi import get_asgi_application

application = get_asgi_application()
