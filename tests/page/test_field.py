"""The form field in Chromium: the form waits, and takes what was uploaded."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import (
    Browser,
    Dialog,
    FileChooser,
    Locator,
    Page,
    Route,
    expect,
)

from chunked_uploads.models import Upload
from tests import browsers
from tests.accessibility import violations
from tests.films.models import Film, Recording
from tests.page.driving import (
    CHUNK_SIZE,
    CHUNKS,
    DONE,
    ROW,
    button,
    cancel,
    choose,
    expect_status,
    make_file,
    press,
    settle,
    take_out_and_put_back,
)
from tests.polling import wait_until
from tests.servers import Gunicorn

POLICY = "demo.middleware.content_security_policy"
SCRIPTS = re.compile(r"/chunked_uploads\.min\.js")
OF_FORMS = re.compile(r"/chunked_uploads\.forms\.min\.js")
ADD_ANOTHER = "document.querySelector('.add-row a').click()"
WAITING = "The form is sent as soon as the file is uploaded."
STOPPED = "The form is not sent yet: the upload has stopped."


@pytest.fixture
def server(make_server: Callable[..., Gunicorn], settings: Any) -> Gunicorn:
    """The tests' site: small chunks, films only, a strict policy in every page."""
    return make_server(
        settings={
            "CHUNKED_UPLOADS_CHUNK_SIZE": CHUNK_SIZE,
            "CHUNKED_UPLOADS_ALLOWED_EXTENSIONS": ["mp4"],
            "MIDDLEWARE": [POLICY, *settings.MIDDLEWARE],
        }
    )


@pytest.fixture
def form(page: Page, server: Gunicorn, user: User) -> Page:
    """The form for a film, before Ada's eyes, with a title in it."""
    browsers.log_in(page.context, server.url, user)
    page.goto(f"{server.url}/films/")
    expect(page.locator("input[name=file]")).to_be_hidden()
    page.get_by_label("Title").fill("A film")
    return page


@pytest.fixture
def admin(page: Page, server: Gunicorn) -> Page:
    """The admin's form for a film, before the eyes of an administrator."""
    open_admin(page, server)
    page.get_by_label("Title").fill("A film")
    return page


def open_admin(page: Page, server: Gunicorn) -> None:
    browsers.log_in(page.context, server.url, User.objects.create_superuser("root"))
    page.goto(f"{server.url}/admin/films/film/add/")
    expect(page.locator("input[name=file]")).to_be_hidden()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A film of three chunks and a bit."""
    return make_file(tmp_path / "film.mp4")


def expect_told(place: Page | Locator, text: str) -> None:
    told = place.locator(".chunked-uploads-field-told:visible")
    expect(told).to_contain_text(text)


def save(page: Page, name: str = "Save") -> None:
    # By the keyboard: a row that grows or shrinks meanwhile moves the button away from
    # under a pointer, between its press and its release.
    page.get_by_role("button", name=name, exact=True).press("Enter")


def note_posts(page: Page) -> list[str]:
    """Return a list that grows with the body of each form that is sent."""
    posts: list[str] = []

    def note(request: Any) -> None:
        if request.method == "POST" and request.is_navigation_request():
            posts.append((request.post_data_buffer or b"").decode(errors="replace"))

    page.on("request", note)
    return posts


class Hold:
    """Lets requests wait until they are released."""

    def __init__(self, page: Page, url: Any, method: str = "POST") -> None:
        self.routes: list[Route] = []
        self._method = method
        self._is_open = False
        self._page, self._url = page, url
        page.route(url, self._handle)

    def _handle(self, route: Route) -> None:
        if self._is_open or route.request.method != self._method:
            route.continue_()
        else:
            self.routes.append(route)

    def open(self) -> None:
        """Let pass what comes from here on; what waits was given up."""
        self._is_open = True
        self._page.unroute(self._url)

    def release(self) -> None:
        """Let all pass."""
        for route in self.routes:
            route.continue_()
        self.open()


def saved(file: Path, title: str = "A film") -> Film:
    """Return the film of that title once it is there, with the file's bytes."""
    wait_until(Film.objects.filter(title=title).exists)
    film = Film.objects.get(title=title)
    assert Path(film.file.path).read_bytes() == file.read_bytes()
    return film


# The way through


def test_field_that_is_put_back_still_takes_files(form: Page, file: Path) -> None:
    take_out_and_put_back(form, "[data-chunked-uploads-field]")
    choose(form, file)
    expect_status(form, "Complete")

    form.keyboard.press("Enter")

    saved(file)


def test_form_takes_what_was_uploaded(form: Page, file: Path) -> None:
    posts = note_posts(form)

    choose(form, file)
    expect_status(form, "Complete")
    upload = Upload.objects.get()
    save(form)

    film = saved(file)
    assert film.file.name == "films/film.mp4"
    assert (upload.user, upload.for_form) == (User.objects.get(), True)
    wait_until(lambda: not Upload.objects.exists())
    [post] = posts
    assert post.count('name="file-upload"') == 1
    assert 'name="file"' not in post


def test_form_waits_for_the_upload_and_is_sent_by_itself(
    form: Page, file: Path
) -> None:
    asked: list[str] = []

    def note(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.accept()

    form.on("dialog", note)
    posts = note_posts(form)
    held = Hold(form, DONE)
    choose(form, file)
    expect_status(form, "Finishing…")

    save(form)

    expect_told(form, WAITING)
    assert posts == []
    held.release()
    saved(file)
    expect(form.get_by_label("Title")).to_have_value("")
    assert len(posts) == 1
    assert asked == []


def test_form_that_waited_is_sent_by_the_button_that_was_pressed(
    form: Page, file: Path
) -> None:
    posts = note_posts(form)
    held = Hold(form, CHUNKS)
    choose(form, file)
    expect_status(form, "Uploading")
    save(form)

    save(form, "Save a draft")
    held.release()

    saved(file)
    expect(form.get_by_label("Title")).to_have_value("")
    assert len(posts) == 1
    assert 'name="draft"' in posts[0]


def test_form_with_an_uploader_for_a_foreign_key_keeps_the_upload(
    form: Page, server: Gunicorn, file: Path
) -> None:
    form.goto(f"{server.url}/recordings/")
    choose(form, file)
    save(form)

    wait_until(Recording.objects.exists)
    recording = Recording.objects.get()
    assert recording.upload.user == User.objects.get()
    assert not recording.upload.for_form
    assert Path(recording.upload.upload.path).read_bytes() == file.read_bytes()


def test_upload_that_was_begun_before_goes_on(
    form: Page, server: Gunicorn, file: Path
) -> None:
    held = Hold(form, DONE)
    choose(form, file)
    expect_status(form, "Finishing…")
    form.on("dialog", lambda dialog: dialog.accept())
    form.goto(f"{server.url}/films/")
    held.open()
    form.get_by_label("Title").fill("A film")

    choose(form, file)
    expect_status(form, "Complete")
    assert Upload.objects.count() == 1
    save(form)

    saved(file)


def test_label_opens_the_uploader(form: Page, file: Path) -> None:
    with form.expect_file_chooser() as chooser:
        form.get_by_text("File:", exact=True).click()

    found: FileChooser = chooser.value
    assert not found.is_multiple()
    found.set_files(file)
    expect_status(form, "Complete")


# What does not go by itself


def test_form_without_a_file_asks_for_one(form: Page) -> None:
    posts = note_posts(form)

    save(form)

    expect_told(form, "No file yet. Choose one.")
    expect(form.locator(".chunked-uploads")).to_have_attribute("data-invalid", "")
    expect(form.get_by_role("button", name="Choose a file")).to_be_focused()
    assert posts == []


def test_button_that_skips_validation_sends_a_form_without_a_file(form: Page) -> None:
    save(form, "Save a draft")

    expect(form.get_by_text("This field is required.")).to_be_visible()


def test_form_is_not_sent_while_its_upload_is_paused(form: Page, file: Path) -> None:
    posts = note_posts(form)
    held = Hold(form, CHUNKS)
    choose(form, file)
    press(form, "Pause")
    expect_status(form, "Paused")
    held.open()

    save(form)

    expect_told(form, STOPPED)
    expect(form.get_by_role("button", name="Resume")).to_be_focused()
    assert posts == []
    form.keyboard.press("Enter")
    expect_status(form, "Complete")
    save(form)
    saved(file)


@pytest.mark.parametrize("name", ["Pause", "Cancel and delete"])
def test_form_that_waited_is_not_sent_when_the_upload_is_stopped(
    form: Page, file: Path, name: str
) -> None:
    posts = note_posts(form)
    held = Hold(form, DONE)
    choose(form, file)
    expect_status(form, "Finishing…")
    save(form)
    expect_told(form, WAITING)

    press(form, name)

    if name == "Pause":
        expect_told(form, STOPPED)
        held.open()
        press(form, "Resume")
        expect_status(form, "Complete")
    else:
        settle(form)
        expect(form.locator(ROW)).to_have_count(0)
    expect(form.locator(".chunked-uploads-field-told")).to_be_hidden()
    assert posts == []
    assert not Film.objects.exists()


def expect_refusal(form: Page | Locator, name: str) -> None:
    """Wait until the field says why, and takes another file."""
    expect(form.locator(ROW)).to_have_count(0)
    error = form.locator(".chunked-uploads-error:visible").first
    expect(error).to_contain_text(f"{name} was not taken: ")
    expect(form.get_by_role("button", name="Choose a file")).to_be_visible()
    expect(form.locator(".chunked-uploads")).to_have_attribute("data-invalid", "")


def test_file_that_is_refused_leaves_the_field_to_another(
    form: Page, file: Path, tmp_path: Path
) -> None:
    choose(form, make_file(tmp_path / "words.txt"))
    expect_refusal(form, "words.txt")

    save(form)
    expect_told(form, "No file yet. Choose one.")
    choose(form, file)

    expect_status(form, "Complete")
    expect(form.locator(".chunked-uploads-error:visible")).to_have_count(0)
    expect(form.locator("[data-invalid]")).to_have_count(0)
    save(form)
    saved(file)


def test_form_that_can_do_without_a_file_is_held_once_when_one_was_refused(
    admin: Page, file: Path, tmp_path: Path
) -> None:
    posts = note_posts(admin)
    choose(admin.locator(".field-file").first, file)
    expect_status(admin.locator(".field-file").first, "Complete")
    row = admin.locator(".dynamic-trailers").first
    choose(row, make_file(tmp_path / "words.txt"))
    expect_refusal(row, "words.txt")

    save(admin)

    expect_told(row, "The form is not sent yet.")
    assert posts == []
    save(admin)
    assert not saved(file).trailers.exists()


def test_form_that_waited_is_not_sent_with_a_file_that_the_site_refused(
    form: Page, file: Path
) -> None:
    posts = note_posts(form)
    held = Hold(form, DONE)
    choose(form, file)
    expect_status(form, "Finishing…")
    save(form)
    expect_told(form, WAITING)

    refusal = '[{"error": "file_refused", "detail": "No film."}]'
    held.routes[0].fulfill(status=422, body=refusal)

    expect_refusal(form, "film.mp4")
    error = form.locator(".chunked-uploads-error").first
    expect(error).to_contain_text("No film.")
    expect_told(form, "No file yet. Choose one.")
    assert posts == []


def test_another_file_takes_the_place_of_the_first_one(
    form: Page, file: Path, tmp_path: Path
) -> None:
    choose(form, make_file(tmp_path / "first.mp4"))
    expect_status(form, "Complete")

    choose(form, file)
    save(form)

    assert saved(file).file.name == "films/film.mp4"


@pytest.mark.parametrize("state", ["Complete", "Finishing…"])
def test_form_that_begins_anew_has_no_file(form: Page, file: Path, state: str) -> None:
    if state != "Complete":
        Hold(form, DONE)
    choose(form, file)
    expect_status(form, state)

    press(form, "Begin anew")

    expect(form.locator(ROW)).to_have_count(0)
    form.get_by_label("Title").fill("A film")
    save(form)
    expect_told(form, "No file yet. Choose one.")


def test_form_that_does_not_begin_anew_after_all_keeps_its_file(
    form: Page, file: Path
) -> None:
    choose(form, file)
    expect_status(form, "Complete")
    form.evaluate("""() => document.addEventListener("reset", (event) => {
        event.preventDefault();
        setTimeout(() => (window.isOver = true));
    })""")

    press(form, "Begin anew")

    wait_until(lambda: form.evaluate("window.isOver === true"))
    save(form)
    saved(file)


def test_form_waits_for_the_file_that_took_the_place_of_another(
    form: Page, file: Path, tmp_path: Path
) -> None:
    held = Hold(form, DONE)
    choose(form, make_file(tmp_path / "first.mp4"))
    expect_status(form, "Finishing…")
    save(form)
    expect_told(form, WAITING)

    choose(form, file)
    form.get_by_role("dialog").get_by_role("button", name="Replace").click()

    expect(form.locator(ROW)).to_contain_text("film.mp4")
    expect_status(form, "Finishing…")
    expect_told(form, WAITING)
    held.routes[-1].continue_()
    assert saved(file).file.name == "films/film.mp4"


# The form shown again


def fail_first(form: Page, file: Path) -> None:
    """Send the form with a title that is taken, and get it back with the upload."""
    Film.objects.create(title="Taken")
    form.get_by_label("Title").fill("Taken")
    choose(form, file)
    save(form)
    expect(form.get_by_text("Film with this Title already exists.")).to_be_visible()
    expect_kept(form, file)
    form.get_by_label("Title").fill("A film")


def expect_kept(form: Page, file: Path) -> None:
    """Wait until the field shows the file as one that is there."""
    expect(form.locator("input[name=file]")).to_be_hidden()
    expect(form.get_by_role("checkbox")).to_have_count(0)
    expect_status(form, "Complete")
    row = form.locator(ROW)
    expect(row.get_by_role("link")).to_have_text(file.name)
    expect(row).to_contain_text("197 kB")
    for name in ("Replace", "Remove"):
        expect(button(form, name)).to_be_visible()


def kept(page: Page) -> Locator:
    """Where there are no scripts, a checkbox."""
    return page.get_by_role("checkbox", name="Use film.mp4")


def test_form_that_is_shown_again_needs_no_second_upload(
    form: Page, file: Path
) -> None:
    fail_first(form, file)
    assert Upload.objects.count() == 1

    save(form)

    saved(file)


def test_upload_that_the_form_had_gives_way_to_another(
    form: Page, file: Path, tmp_path: Path
) -> None:
    fail_first(form, file)
    other = make_file(tmp_path / "other.mp4")

    with form.expect_file_chooser() as chooser:
        press(form, "Replace")
    chooser.value.set_files(other)
    expect(form.locator(ROW)).to_contain_text("other.mp4")
    expect_status(form, "Complete")
    save(form)

    saved(other)


def test_upload_that_the_form_had_comes_back_for_one_that_is_removed(
    form: Page, file: Path, tmp_path: Path
) -> None:
    fail_first(form, file)
    choose(form, make_file(tmp_path / "other.mp4"))
    expect_status(form, "Complete")

    press(form, "Remove")

    expect_kept(form, file)
    save(form)
    saved(file)


def test_upload_that_the_form_had_is_removed_for_good(form: Page, file: Path) -> None:
    fail_first(form, file)

    press(form, "Remove")

    expect(form.locator(ROW)).to_have_count(0)
    expect(form.get_by_role("button", name="Choose a file")).to_be_focused()
    save(form)
    expect_told(form, "No file yet. Choose one.")
    press(form, "Begin anew")
    expect_kept(form, file)


# For everybody


def test_nothing_is_wrong_with_a_form_that_waits(form: Page, file: Path) -> None:
    assert violations(form) == []
    fail_first(form, file)
    assert violations(form) == []
    held = Hold(form, DONE)
    choose(form, file)
    save(form)
    expect_told(form, WAITING)

    assert violations(form) == []
    held.release()


def test_nothing_is_wrong_with_the_fields_in_the_admin(
    browser: Browser, server: Gunicorn
) -> None:
    # In the admin axe-core tries styles of its own, which the policy would bar.
    context = browser.new_context(bypass_csp=True)
    page = context.new_page()
    open_admin(page, server)
    page.evaluate(ADD_ANOTHER)
    expect(page.locator(".dynamic-trailers .chunked-uploads")).to_have_count(2)

    found = violations(page)

    assert [line for line in found if "chunked-uploads" in line] == []
    context.close()


# Without the scripts


def test_plain_input_serves_without_javascript(
    browser: Browser, server: Gunicorn, user: User, file: Path
) -> None:
    context = browser.new_context(java_script_enabled=False)
    browsers.log_in(context, server.url, user)
    page = context.new_page()
    Film.objects.create(title="Taken")
    page.goto(f"{server.url}/films/")
    page.get_by_label("Title").fill("Taken")
    page.get_by_label("File", exact=False).first.set_input_files(file)
    save(page)

    expect(page.get_by_text("Film with this Title already exists.")).to_be_visible()
    expect(kept(page)).to_be_checked()
    page.get_by_label("Title").fill("A film")
    save(page)

    saved(file)
    context.close()


def test_plain_input_stays_where_the_uploader_does_not_start(
    browser: Browser, server: Gunicorn, file: Path
) -> None:
    context = browser.new_context()
    page = context.new_page()
    page.route(SCRIPTS, lambda route: route.abort())
    page.goto(f"{server.url}/films/")

    page.get_by_label("Title").fill("A film")
    page.locator("input[name=file]").set_input_files(file)
    save(page)

    saved(file)
    context.close()


def test_file_that_was_chosen_before_the_scripts_came_is_uploaded(
    page: Page, server: Gunicorn, user: User, file: Path
) -> None:
    browsers.log_in(page.context, server.url, user)
    held = Hold(page, SCRIPTS, "GET")
    page.goto(f"{server.url}/films/", wait_until="commit")
    page.locator("input[name=file]").set_input_files(file)
    wait_until(lambda: held.routes or page.evaluate("0"))

    held.release()

    expect_status(page, "Complete")
    assert Upload.objects.exists()
    page.get_by_label("Title").fill("A film")
    save(page)
    saved(file)


def test_field_works_whose_script_comes_long_after_the_uploaders(
    page: Page, server: Gunicorn, user: User, file: Path
) -> None:
    browsers.log_in(page.context, server.url, user)
    held = Hold(page, OF_FORMS, "GET")
    page.goto(f"{server.url}/films/", wait_until="commit")
    is_ready = "Boolean(document.querySelector('.chunked-uploads')?.chunkedUploads)"
    wait_until(lambda: page.evaluate(is_ready))

    held.release()

    expect(page.locator("input[name=file]")).to_be_hidden()
    page.get_by_label("Title").fill("A film")
    choose(page, file)
    save(page)
    saved(file)


# The admin


def test_admin_takes_uploads_also_in_an_inline_that_was_added(
    admin: Page, file: Path, tmp_path: Path
) -> None:
    trailers = [make_file(tmp_path / name) for name in ("one.mp4", "two.mp4")]
    admin.evaluate(ADD_ANOTHER)
    rows = admin.locator(".dynamic-trailers")
    expect(rows).to_have_count(2)
    choose(admin.locator(".field-file").first, file)
    for number, trailer in enumerate(trailers):
        choose(rows.nth(number), trailer)

    save(admin)

    expect(admin.get_by_text("was added successfully")).to_be_visible(timeout=20_000)
    film = saved(file)
    found = film.trailers.order_by("pk")
    assert [each.file.name for each in found] == [
        "trailers/one.mp4",
        "trailers/two.mp4",
    ]
    assert [Path(each.file.path).read_bytes() for each in found] == [
        trailer.read_bytes() for trailer in trailers
    ]
    assert not Upload.objects.exists()


def choose_two(admin: Page, file: Path, trailer: Path) -> tuple[Locator, Locator]:
    """Have both fields upload what nobody finishes yet; return their places."""
    places = (
        admin.locator(".field-file").first,
        admin.locator(".dynamic-trailers").first,
    )
    for place, each in zip(places, (file, trailer), strict=True):
        choose(place, each)
        expect_status(place, "Finishing…")
    return places


def test_form_waits_until_a_file_is_cancelled_for_certain(
    admin: Page, file: Path, tmp_path: Path
) -> None:
    held = Hold(admin, DONE)
    main, row = choose_two(admin, file, make_file(tmp_path / "trailer.mp4"))
    save(admin)
    expect_told(row, WAITING)
    posts = note_posts(admin)
    asked = Hold(admin, re.compile(r"/uploads/upload/[\w-]+/\?"), method="GET")

    cancel(row)
    wait_until(lambda: admin.evaluate("true") and asked.routes)
    held.release()
    expect_status(main, "Complete")
    admin.evaluate("new Promise((resolve) => setTimeout(resolve))")  # as sending does
    asked.release()

    expect(row.locator(ROW)).to_have_count(0)
    assert posts == []
    assert not Film.objects.exists()


def test_cancel_that_is_told_late_ends_no_waiting(
    admin: Page, file: Path, tmp_path: Path
) -> None:
    held = Hold(admin, DONE)
    main, row = choose_two(admin, file, make_file(tmp_path / "trailer.mp4"))
    button = row.get_by_role("button", name="Cancel and delete")
    button.press("Enter")
    admin.get_by_role("button", name="Keep uploading").or_(
        admin.get_by_role("button", name="Undo")
    ).wait_for()
    yes = admin.locator("dialog .chunked-uploads-danger")
    if yes.count():
        yes.press("Enter")
    save(admin)
    expect_told(main, WAITING)

    settle(admin)
    held.release()

    expect(admin.get_by_text("was added successfully")).to_be_visible(timeout=20_000)
    assert not saved(file).trailers.exists()


def test_required_field_that_is_disabled_holds_nothing_back(form: Page) -> None:
    field = "document.querySelector('[data-chunked-uploads-field]')"
    asked = f"() => {field}.chunkedUploadsField.problem(false)"
    assert form.evaluate(asked) == "missing"
    form.evaluate(f"""() => {{
        const fieldset = document.createElement("fieldset");
        {field}.before(fieldset);
        fieldset.append({field});
        fieldset.disabled = true;
    }}""")
    assert form.evaluate(asked) == ""


def test_admin_does_not_wait_for_an_inline_that_was_removed(
    admin: Page, file: Path, tmp_path: Path
) -> None:
    choose(admin.locator(".field-file").first, file)
    expect_status(admin.locator(".field-file").first, "Complete")
    Hold(admin, DONE)
    row = admin.locator(".dynamic-trailers").first
    choose(row, make_file(tmp_path / "trailer.mp4"))
    expect_status(row, "Finishing…")
    save(admin)
    expect_told(row, WAITING)

    row.get_by_role("button", name="Remove").or_(
        row.get_by_role("link", name="Remove")
    ).last.press("Enter")

    expect(admin.get_by_text("was added successfully")).to_be_visible(timeout=20_000)
    assert not saved(file).trailers.exists()


# Browsers tell observers in the order in which they began.
LAST_FIRST = """() => {
    const observers = [];
    const Original = window.MutationObserver;
    const tellAll = () => {
        const told = observers.filter(({ records }) => records.length).reverse();
        told.forEach((each) => each.tell(each.records.splice(0), each));
    };
    window.MutationObserver = class {
        constructor(tell) {
            Object.assign(this, { tell, records: [] });
            observers.push(this);
            this.original = new Original((records) => {
                this.records.push(...records);
                queueMicrotask(tellAll);
            });
        }
        observe(...options) { this.original.observe(...options); }
        disconnect() { this.original.disconnect(); }
        takeRecords() { return this.original.takeRecords(); }
    };
}"""


def test_inline_that_was_removed_is_let_go_whoever_hears_of_it_first(
    page: Page, server: Gunicorn, file: Path, tmp_path: Path
) -> None:
    page.add_init_script(f"({LAST_FIRST})()")
    open_admin(page, server)
    page.get_by_label("Title").fill("A film")

    test_admin_does_not_wait_for_an_inline_that_was_removed(page, file, tmp_path)


def test_replacing_one_file_goes_on_waiting_for_another(
    admin: Page, file: Path, tmp_path: Path
) -> None:
    main = admin.locator(".field-file").first
    choose(main, make_file(tmp_path / "first.mp4"))
    expect_status(main, "Complete")
    held = Hold(admin, DONE)
    row = admin.locator(".dynamic-trailers").first
    choose(row, make_file(tmp_path / "trailer.mp4"))
    expect_status(row, "Finishing…")
    save(admin)
    expect_told(row, WAITING)

    choose(main, file)
    expect_status(main, "Finishing…")
    held.release()

    expect(admin.get_by_text("was added successfully")).to_be_visible()
    assert saved(file).trailers.count() == 1


def test_admin_says_what_is_missing_after_sending(admin: Page) -> None:
    save(admin)

    expect(admin.get_by_text("This field is required.")).to_be_visible()
