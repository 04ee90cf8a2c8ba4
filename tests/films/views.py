"""The views of docs/forms.md."""

from django.db import transaction
from django.shortcuts import redirect, render

from tests.films.forms import FilmForm, RecordingForm


@transaction.atomic
def add_film(request):
    form = FilmForm(request.POST or None, request.FILES or None)
    form.fields["file"].user = request.user  # type: ignore[attr-defined]
    if form.is_valid():
        form.save()
        return redirect("films")
    return render(request, "film_form.html", {"form": form})


@transaction.atomic
def add_recording(request):
    form = RecordingForm(request.POST or None, request.FILES or None)
    form.fields["file"].user = request.user  # type: ignore[attr-defined]
    if form.is_valid():
        form.save()
        return redirect("recordings")
    return render(request, "film_form.html", {"form": form})
