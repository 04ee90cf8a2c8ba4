"""The least that a Django view can do: read in blocks, write, record in one row."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt

from benchmarks.sites.settings import FOLDER
from benchmarks.sites.sink import store
from chunked_uploads.models import Upload


@csrf_exempt
def receive(request: HttpRequest) -> HttpResponse:
    """Write the body to its offset and record how far the file reaches."""
    span, name = request.headers["Content-Range"], request.META["QUERY_STRING"]
    stop = store(request, span, FOLDER / name)
    if not Upload.objects.filter(filename=name).update(offset=stop):
        Upload.objects.create(filename=name, filesize=stop, offset=stop)
    return HttpResponse(status=204)
