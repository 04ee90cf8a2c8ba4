"""Files that a form has already: rows that can be replaced and, mostly, removed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.base import ContentFile
from playwright.sync_api import Browser, Locator, Page, expect

from tests import browsers
from tests.accessibility import violations
from tests.films.models import Film, Trailer
from tests.page.driving import ROW, button, choose, expect_status, make_file, press
from tests.polling import wait_until
from tests.servers import Gunicorn

POLICY = "demo.middleware.content_security_policy"
SIZE = 12_345


@pytest.fixture
def server(make_server: Callable[..., Gunicorn], settings: Any) -> Gunicorn:
    """The tests' site, with a strict policy in every page."""
    return make_server(settings={"MIDDLEWARE": [POLICY, *settings.MIDDLEWARE]})


@pytest.fixture
def film(server: Gunicorn) -> Film:
    """A film, which has to have a file, and its trailer, which may do without."""
    film = Film.objects.create(title="A film")
    film.file.save("film.mp4", ContentFile(bytes(SIZE)))
    trailer = Trailer.objects.create(film=film)
    trailer.file.save("trailer.mp4", ContentFile(bytes(SIZE)))
    return film


@pytest.fixture
def admin(page: Page, server: Gunicorn, film: Film) -> Page:
    """The film, before the eyes of an administrator."""
    browsers.log_in(page.context, server.url, User.objects.create_superuser("root"))
    page.goto(f"{server.url}/admin/films/film/{film.pk}/change/")
    expect(page.locator("input[name=file]")).to_be_hidden()
    return page


def main_of(admin: Page) -> Locator:
    return admin.locator(".field-file").first


def trailer_of(admin: Page) -> Locator:
    return admin.locator(".dynamic-trailers").first


def save(admin: Page) -> None:
    admin.get_by_role("button", name="Save", exact=True).press("Enter")
    expect(admin.get_by_text("was changed successfully")).to_be_visible()


def expect_former(place: Locator, name: str, *buttons: str) -> None:
    """Wait until the field shows the file as one that is there."""
    row = place.locator(ROW)
    expect(row.get_by_role("link")).to_have_text(name)
    expect(row).to_contain_text("12 kB")
    shown = row.get_by_role("button")
    expect(shown).to_have_text([*buttons])


def test_file_that_the_model_has_is_a_row(admin: Page, film: Film) -> None:
    expect_former(main_of(admin), "film.mp4", "Replace")
    expect_former(trailer_of(admin), "trailer.mp4", "Replace", "Remove")
    link = main_of(admin).get_by_role("link")
    assert str(link.get_attribute("href")).endswith(film.file.url)
    expect(admin.get_by_role("checkbox", name="Clear")).to_have_count(0)
    expect(main_of(admin).get_by_text("Drop a file here")).to_be_hidden()


def test_model_s_file_stays_where_nothing_is_done(admin: Page, film: Film) -> None:
    save(admin)

    film.refresh_from_db()
    assert Path(film.file.path).stat().st_size == SIZE
    assert film.trailers.get().file.name == "trailers/trailer.mp4"


def test_removed_file_is_cleared_when_the_form_is_saved(
    admin: Page, film: Film
) -> None:
    trailer = trailer_of(admin)

    press(trailer, "Remove")

    expect(trailer.locator(ROW)).to_have_count(0)
    expect(button(trailer, "Choose a file")).to_be_focused()
    save(admin)
    assert film.trailers.get().file.name == ""


def test_file_that_is_replaced_after_it_was_removed_is_not_cleared(
    admin: Page, film: Film, tmp_path: Path
) -> None:
    trailer = trailer_of(admin)
    press(trailer, "Remove")

    choose(trailer, make_file(tmp_path / "other.mp4"))
    expect_status(trailer, "Complete")

    save(admin)
    assert film.trailers.get().file.name == "trailers/other.mp4"


def test_new_file_takes_the_place_of_the_model_s(
    admin: Page, film: Film, tmp_path: Path
) -> None:
    main = main_of(admin)
    file = make_file(tmp_path / "other.mp4")

    with admin.expect_file_chooser() as chooser:
        press(main, "Replace")
    chooser.value.set_files(file)

    expect(main.locator(ROW)).to_contain_text("other.mp4")
    expect_status(main, "Complete")
    save(admin)
    film.refresh_from_db()
    assert Path(film.file.path).read_bytes() == file.read_bytes()


def test_model_s_file_comes_back_for_one_that_is_removed_or_refused(
    admin: Page, film: Film, tmp_path: Path
) -> None:
    main = main_of(admin)
    choose(main, make_file(tmp_path / "other.mp4"))
    expect_status(main, "Complete")

    press(main, "Remove")

    expect_former(main, "film.mp4", "Replace")
    save(admin)
    film.refresh_from_db()
    assert film.file.name == "films/film.mp4"


def test_page_hears_of_new_files_alone(admin: Page, tmp_path: Path) -> None:
    admin.evaluate("""() => {
        window.heard = [];
        for (const name of ["complete", "stop", "add"]) {
            document.addEventListener(`chunkeduploads:${name}`, ({ detail }) => {
                heard.push(`${name} ${detail.name}`);
            });
        }
        document.querySelector("[data-chunked-uploads-field]").chunkedUploadsField.empty();
    }""")
    expect_former(main_of(admin), "film.mp4", "Replace")

    choose(main_of(admin), make_file(tmp_path / "other.mp4"))
    expect_status(main_of(admin), "Complete")

    heard = ["add other.mp4", "complete other.mp4", "stop other.mp4"]
    wait_until(lambda: admin.evaluate("heard") == heard)


def test_file_that_nobody_can_measure_has_no_size(
    admin: Page, film: Film, server: Gunicorn
) -> None:
    Path(film.file.path).unlink()

    admin.reload()

    row = main_of(admin).locator(ROW)
    expect(row.get_by_role("link")).to_have_text("film.mp4")
    expect(row).not_to_contain_text("byte")


def test_nothing_is_wrong_with_files_that_are_there(
    browser: Browser, server: Gunicorn, film: Film
) -> None:
    # In the admin axe-core tries styles of its own, which the policy would bar.
    context = browser.new_context(bypass_csp=True)
    page = context.new_page()
    browsers.log_in(context, server.url, User.objects.create_superuser("root"))
    page.goto(f"{server.url}/admin/films/film/{film.pk}/change/")
    expect_former(main_of(page), "film.mp4", "Replace")

    found = violations(page)

    assert [line for line in found if "chunked-uploads" in line] == []
    context.close()
