"""Which rows are seen of many files, what is folded, and what can be taken back."""

from __future__ import annotations

import json
import re
from pathlib import Path

from django.contrib.auth.models import User
from django.template import Context, Template
from playwright.sync_api import Browser, Locator, Page, Route, expect

from chunked_uploads.core.receiving import receive
from chunked_uploads.models import Upload
from tests.page.driving import (
    CHUNK_SIZE,
    CHUNKS,
    DELETE,
    ROW,
    UPLOADER,
    answer,
    assert_arrived,
    button,
    choose,
    choose_and_stop,
    expect_rows,
    expect_states,
    go_on,
    make_files,
    note_news,
    note_requests,
    press,
    row,
    settle,
    stop_at,
)
from tests.polling import wait_until
from tests.sending import Bytes
from tests.servers import Gunicorn

ADD = f"""(names) => {UPLOADER}.add(names.map((name) => new File([name], name)))"""


def add(page: Page, *names: str) -> None:
    page.evaluate(ADD, list(names))


def hold(page: Page, *names: str) -> None:
    """Let the server be busy for files of these names, for all where there is none."""

    def handle(route: Route) -> None:
        told = route.request.headers.get("content-disposition", "")
        if not names or any(f'"{name}"' in told for name in names):
            route.fulfill(status=503, headers={"Retry-After": "600"})
        else:
            route.continue_()

    page.route(CHUNKS, handle)


def headline(page: Page) -> Locator:
    return page.locator(".chunked-uploads-headline span:not([hidden])")


def toast(page: Page) -> Locator:
    return page.locator(".chunked-uploads-toast")


# --- many files ---


def test_of_many_files_those_that_move_are_seen(site: Page) -> None:
    hold(site)
    add(site, *(f"{number}.txt" for number in range(150)))
    expect_rows(site, *["waiting"] * 6, "queued")
    fold = site.locator(".chunked-uploads-fold button").first
    expect(fold).to_contain_text("144 waiting for their turn")
    expect(headline(site)).to_have_text(["0 of 150 complete"])
    fold.click()
    expect(fold).to_have_attribute("aria-expanded", "true")
    rows = site.locator(ROW)
    expect(rows).to_have_count(6 + 1 + 50 + 1)
    expect(rows.last).to_contain_text("94 more")
    rows.last.get_by_role("button").click()
    expect(rows).to_have_count(6 + 1 + 100 + 1)
    fold.click()
    expect_rows(site, *["waiting"] * 6, "queued")


def test_finished_files_fold_into_a_count_that_opens(site: Page) -> None:
    hold(site, "d")
    add(site, "a", "b", "c", "d")
    expect_rows(site, "waiting", "complete")
    fold = site.locator(".chunked-uploads-fold button")
    expect(fold).to_contain_text("3 done")
    fold.press("Enter")
    expect_rows(site, "waiting", "complete", *["complete"] * 3)
    press(row(site, "b"), "Dismiss")
    # Two are no more than two lines.
    expect_rows(site, "waiting", "complete", "complete")
    expect(button(row(site, "a"), "Dismiss")).to_be_visible()


def test_files_not_taken_for_one_reason_are_one_line(site: Page) -> None:
    site.evaluate(f"{UPLOADER}.server.site.accept = '.mp4'")
    add(site, "a.txt", "b.txt", "c.txt", "d.txt", "e.mp4")
    expect_rows(site, "refused", "complete")
    pile = site.locator(ROW).first
    expect(pile).to_contain_text("4 files not taken: only .mp4")
    facts = pile.locator(".chunked-uploads-facts > :not([hidden])")
    expect(facts).to_have_text(["a.txt, b.txt, c.txt, and 1 more"])
    expect(headline(site)).to_have_text(["1 complete", "4 not taken"])
    press(site, "Show")
    expect(pile).to_contain_text("a.txt, b.txt, c.txt, d.txt")
    expect(pile.get_by_role("button")).to_be_focused()
    pile.get_by_role("button").press("Enter")
    expect_rows(site, "complete")
    assert len(site.evaluate(f"{UPLOADER}.uploads")) == 1


def test_end_that_is_not_well_says_so(site: Page) -> None:
    lost = answer(404, '[{"error": "not_found", "detail": ""}]')
    refused = answer(403, json.dumps([{"error": "plan", "detail": "Your plan ends."}]))

    def handle(route: Route) -> None:
        told = route.request.headers.get("content-disposition", "")
        fate = lost if "lost" in told else refused if "plan" in told else None
        fate(route) if fate else route.continue_()

    site.route(CHUNKS, handle)
    site.evaluate(f"{UPLOADER}.server.site.max_size = 10")
    add(site, "a", "b", "lost", "plan", "larger than ten")
    expect(headline(site)).to_have_text(["2 complete", "1 not taken", "2 failed"])
    expect(site.locator(".chunked-uploads-ring-text")).to_have_text("2/4")
    expect(row(site, "plan")).to_contain_text("Your plan ends.")
    expect(button(row(site, "plan"), "Try again")).to_be_hidden()
    expect(button(row(site, "lost"), "Try again")).to_be_visible()
    # What the site refused is not sent again, whatever goes on.
    states = site.evaluate(f"""() => {{
        {UPLOADER}.resumeAll();
        return {UPLOADER}.uploads.slice(2, 4).map(({{ state }}) => state);
    }}""")
    assert states[0] != "failed"
    assert states[1] == "failed"
    # The headline may be the one of before: what is asked for is the end of the try.
    expect_states(site, "complete", "complete", "failed", "failed", "refused")
    site.unroute(CHUNKS)
    press(site, "Retry failed")
    expect(headline(site)).to_have_text(["3 complete", "1 not taken", "1 failed"])
    expect(button(site, "Retry failed")).to_be_hidden()


def test_rows_stay_where_they_are_under_a_pointer(site: Page) -> None:
    hold(site, "b", "c")
    add(site, "a", "b", "c")
    expect_rows(site, "waiting", "waiting", "complete")
    first = row(site, "b")
    first.hover()
    site.unroute(CHUNKS)
    site.evaluate(f"""() => {UPLOADER}.uploads[1].retrying.endWaiting()""")
    expect_states(site, "complete", "complete", "waiting")
    # Under the pointer it is shown as complete, in its place.
    expect_rows(site, "complete", "waiting", "complete")
    site.mouse.move(0, 0)
    expect_rows(site, "waiting", "complete", "complete")


def test_focus_stays_with_its_row_when_others_move(site: Page) -> None:
    hold(site, "b")
    add(site, "a", "b")
    expect_rows(site, "waiting", "complete")
    dismiss = button(row(site, "a"), "Dismiss")
    dismiss.focus()
    add(site, "c")
    expect_states(site, "complete", "waiting", "complete")
    expect_rows(site, "waiting", "complete", "complete")
    expect(dismiss).to_be_focused()
    add(site, "d")
    # They fold, and the focus goes to what they are folded into.
    expect_rows(site, "waiting", "complete")
    expect(site.locator(".chunked-uploads-fold button")).to_be_focused()


def test_folder_is_a_group_of_rows(site: Page, tmp_path: Path) -> None:
    hold(site, "b")
    make_files(tmp_path / "Rushes", "a", "b", size=10)
    site.set_input_files(".chunked-uploads-folder-input", tmp_path / "Rushes")
    add(site, "c")
    expect_rows(site, "folder", "waiting", "complete", "complete")
    head = site.locator(".chunked-uploads-fold button")
    expect(head).to_contain_text("Rushes")
    expect(head).to_contain_text("1 of 2 complete")
    head.click()
    # What moves is in sight all the same.
    expect_rows(site, "folder", "waiting", "complete")
    expect(row(site, "c")).to_be_visible()


# --- what the page says of files itself ---


def test_page_refuses_a_file_in_its_own_words(site: Page) -> None:
    note_news(site)
    site.evaluate("""() => document.addEventListener("chunkeduploads:add", (event) => {
        const { upload, name } = event.detail;
        if (name === "old.txt") upload.refuse("Only files of today.");
        if (name === "no.txt") event.preventDefault();
        upload.metadata.album = "Harbour";
    })""")
    add(site, "old.txt", "no.txt", "new.txt")
    expect_states(site, "refused", "complete")
    expect(row(site, "old.txt")).to_contain_text("Not taken")
    expect(row(site, "old.txt")).to_contain_text("Only files of today.")
    upload = Upload.objects.get()
    assert (upload.filename, upload.metadata) == ("new.txt", {"album": "Harbour"})


def test_texts_are_changed_by_an_attribute_or_an_event(site: Page) -> None:
    site.evaluate("""() => {
        document.addEventListener("chunkeduploads:text", ({ detail }) => {
            if (detail.key === "complete") detail.text = "Safe with us";
        });
        const root = document.querySelector("[data-chunked-uploads]");
        const copy = root.cloneNode(true);
        copy.setAttribute("data-text-drop", "Drop your rushes here");
        root.replaceWith(copy);
    }""")
    expect(site.locator(".chunked-uploads-invitation")).to_have_text(
        "Drop your rushes here"
    )
    add(site, "a")
    expect(row(site, "a")).to_contain_text("Safe with us")


def test_texts_are_changed_by_a_block_of_a_template() -> None:
    source = (
        '{% extends "chunked_uploads/uploader.html" %}'
        "{% block chunked_uploads_messages %}"
        '<span data-message="drop-more">More rushes</span>'
        "{{ block.super }}{% endblock %}"
    )
    text = Template(source).render(Context())
    found = re.findall('data-message="drop-more">(.*?)<', text)
    assert found == ["More rushes", "Drop or paste more"]  # the first one counts


def test_nobody_logged_in_is_told_at_once(page: Page, server: Gunicorn) -> None:
    page.goto(server.url)
    expect(page.locator(".chunked-uploads-login")).to_contain_text(
        "Nobody is logged in"
    )


def test_no_body_is_sent_where_nobody_is_logged_in(
    page: Page, server: Gunicorn
) -> None:
    sent = note_requests(page)
    page.goto(server.url)
    add(page, "a")
    expect(row(page, "a")).to_have_attribute("data-state", "waiting")
    expect(row(page, "a")).to_contain_text("Log in again")
    assert sent == []


# --- cancelling ---


def test_cancel_can_be_taken_back(site: Page, file: Path) -> None:
    choose_and_stop(site, file)
    press(site, "Cancel and delete")
    expect(toast(site)).to_contain_text("Cancelled: film.bin")
    expect_rows(site)
    assert Upload.objects.count() == 1
    go_on(site)
    press(site, "Undo")
    expect_states(site, "complete")
    assert_arrived(file)
    expect(toast(site)).to_have_count(0)


def test_cancel_is_told_to_the_server_after_some_seconds(
    site: Page, file: Path
) -> None:
    choose_and_stop(site, file)
    press(site, "Cancel and delete")
    expect(toast(site)).to_be_visible()
    site.mouse.move(0, 0)
    assert Upload.objects.count() == 1
    expect(toast(site)).to_have_count(0)
    expect_states(site)
    assert not Upload.objects.exists()


def test_page_that_goes_tells_the_server_of_a_cancel(site: Page, file: Path) -> None:
    choose_and_stop(site, file)
    press(site, "Cancel and delete")
    expect(toast(site)).to_be_visible()
    site.goto("about:blank")
    wait_until(lambda: not Upload.objects.exists())


def test_much_is_asked_for_before_it_is_cancelled(site: Page, file: Path) -> None:
    stop_at(site, 6 * CHUNK_SIZE)
    choose(site, file)
    expect_states(site, "waiting")
    press(site, "Cancel and delete")
    question = site.get_by_role("dialog")
    expect(question).to_contain_text("Cancel and delete film.bin?")
    expect(question).to_contain_text("393 kB of it are uploaded already.")
    site.keyboard.press("Escape")
    expect(question).to_have_count(0)
    expect_states(site, "waiting")
    press(site, "Cancel and delete")
    press(question, "Keep uploading")
    expect_states(site, "waiting")
    press(site, "Cancel and delete")
    with site.expect_request(DELETE):
        press(question, "Cancel and delete")
    expect_states(site)
    assert not Upload.objects.exists()


def test_what_is_cancelled_one_by_one_comes_back_together(site: Page) -> None:
    hold(site)
    add(site, "a", "b")
    expect_states(site, "waiting", "waiting")
    press(row(site, "a"), "Cancel and delete")
    expect(toast(site)).to_contain_text("Cancelled: a")
    press(row(site, "b"), "Cancel and delete")
    expect(toast(site)).to_contain_text("Cancelled: 2 files")
    site.evaluate(f"{UPLOADER}.note('listed', {{ name: 'c' }})")
    # Another sentence does not take the way back away.
    expect(toast(site)).to_contain_text("Cancelled: 2 files")
    press(site, "Undo")
    expect(toast(site)).to_contain_text("c is in the list already.")
    expect_rows(site, "waiting", "waiting")
    expect(button(row(site, "a"), "Pause")).to_be_focused()
    live = site.locator(".chunked-uploads-live")
    expect(live).to_contain_text("Not cancelled: 2 files")


def test_file_that_was_lost_is_told_at_the_end(site: Page, tmp_path: Path) -> None:
    [lost] = make_files(tmp_path, "lost")
    stop_at(site, CHUNK_SIZE)
    choose(site, lost)
    expect_states(site, "waiting")
    press(site, "Pause")
    lost.write_bytes(b"changed")
    go_on(site)
    add(site, "a", "b")
    press(site, "Resume")
    expect_states(site, "missing", "complete", "complete")
    expect(headline(site)).to_have_text(["2 complete", "1 unfinished"])
    expect(site.locator(".chunked-uploads-ring-text")).to_have_text("2/3")
    live = site.locator(".chunked-uploads-live")
    expect(live).to_contain_text("2 complete, 1 unfinished")


def test_show_opens_the_folder_that_hides_what_failed(
    site: Page, tmp_path: Path
) -> None:
    site.route(CHUNKS, answer(403, "[]"))
    make_files(tmp_path / "Rushes", "a", "b", size=10)
    site.set_input_files(".chunked-uploads-folder-input", tmp_path / "Rushes")
    expect_rows(site, "folder", "failed", "failed")
    site.locator(".chunked-uploads-fold button").click()
    expect_rows(site, "folder")
    press(site, "Show")
    expect_rows(site, "folder", "failed", "failed")
    first = site.locator(ROW).nth(1)
    expect(button(first, "Cancel and delete")).to_be_focused()


def test_question_can_be_answered_by_finger(browser: Browser, server: Gunicorn) -> None:
    context = browser.new_context(
        has_touch=True, is_mobile=True, viewport={"width": 360, "height": 640}
    )
    page = context.new_page()
    page.goto(server.url)
    page.evaluate(f"""() => {{
        {UPLOADER}.view.renderState(true);
        {UPLOADER}.view.above.ask("Cancel and delete film.mov?", "5 GB are.", "Cancel");
    }}""")
    keep, yes = page.get_by_role("dialog").get_by_role("button").all()
    for each in (keep, yes):
        assert each.evaluate("(it) => it.scrollWidth <= it.clientWidth")
    expect(page.get_by_text("5 GB are.")).to_be_visible()
    expect(yes).not_to_have_css("background-color", "rgba(0, 0, 0, 0)")
    context.close()


def test_cancel_of_all_is_one_sentence(site: Page) -> None:
    hold(site, "b", "c")
    add(site, "a", "b", "c")
    expect_states(site, "complete", "waiting", "waiting")
    press(site, "Cancel and delete all")
    expect(toast(site)).to_contain_text("Cancelled: 2 files, 2 bytes")
    expect_rows(site, "complete")
    press(site, "Undo")
    expect_rows(site, "waiting", "waiting", "complete")
    press(site, "Cancel and delete all")
    settle(site)
    expect_states(site, "complete")


def test_upload_of_unknown_size_shows_what_is_held_and_can_only_be_cancelled(
    visitor: Page, server: Gunicorn, user: User, tmp_path: Path
) -> None:
    for received in (197_000, 0):
        upload = Upload.objects.create(user=user, filename="film.mp4")
        receive(upload, 0, received, Bytes(bytes(received)))
    visitor.goto(server.url)
    expect_rows(visitor, "missing", "missing")
    facts = visitor.locator(f"{ROW} .chunked-uploads-facts")
    sentence = "The size of the whole file is not known yet."
    expect(facts.filter(has_text="197 kB are on the server")).to_have_count(1)
    expect(facts.filter(has_text=sentence)).to_have_count(2)
    expect(facts.filter(has_text=re.compile("NaN|null|%|0 bytes"))).to_have_count(0)
    expect(visitor.locator(f"{ROW} [role=progressbar]:visible")).to_have_count(0)
    for name in ("Choose file", "Continue"):
        expect(button(visitor.locator(ROW), name)).to_have_count(0)

    choose(visitor, *make_files(tmp_path, "film.mp4", size=197_000))
    wait_until(lambda: Upload.objects.filter(state=Upload.State.COMPLETE).exists())
    for _ in range(2):
        press(
            row(visitor, "film.mp4")
            .and_(visitor.locator("[data-state=missing]"))
            .first,
            "Cancel and delete",
        )
        settle(visitor)

    wait_until(lambda: Upload.objects.count() == 1)
    expect_rows(visitor, "complete")
