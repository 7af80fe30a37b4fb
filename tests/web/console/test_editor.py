"""Change the plan: what stands in the form is what is kept, shown, released and read by the client."""

import re
from base64 import b64decode
from datetime import UTC, datetime, timedelta
from html import unescape
from io import BytesIO
from itertools import count
from random import Random
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.datastructures import FileStorage, MultiDict
from werkzeug.test import stream_encode_multipart

from handlers import links
from handlers.clients import privacy
from handlers.context import Context
from handlers.links import LinkPurpose
from handlers.plans import page as plan_page
from handlers.plans.media import clean
from handlers.worker import work
from schemas.plan import Plan, PlanStatus
from store import plans
from store.tables import own_media
from tests.helpers.both import some
from tests.helpers.console import BASE, answer, browser, post, token_in, visit
from tests.helpers.mailbox import Mailbox
from tests.helpers.photos import SECRET, jpeg, photo, segment
from web.arrival import Arrival, State

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
TODAY = datetime.now(UTC)
NUMBERS = count(1)


def seen(
    context: Context, hours: float = -0.1, language: str = "en", who: str = "Zoë Łuć", **changes: Any
) -> int:
    """A visit of a client of its own, with the intake sent in yesterday."""
    name = f"u{next(NUMBERS)}"
    start = TODAY + timedelta(hours=hours)
    more = {"name": who, "email": f"{name}@example.org", "language": language}
    number = visit(context, name, start=start, now=TODAY - timedelta(days=3), **more)
    answer(context, number, TODAY - timedelta(days=1), **changes)
    return number


def newest(context: Context, number: int) -> Plan:
    with context.db.read() as tx:
        found = plans.newest(tx, number)
    assert found is not None
    return found.plan


def fields(shown: str) -> MultiDict[str, str]:
    """What a browser would send of the form, hidden fields included."""
    inside = shown.partition('id="editor"')[2]
    form: MultiDict[str, str] = MultiDict()
    for tag in re.findall(r"<input[^>]*name=[^>]*>|<textarea[^>]*>[^<]*|<select.*?</select>", inside, re.S):
        name = re.search(r'name="([^"]+)"', tag)[1]  # type: ignore[index] # each has a name
        chosen = re.search(
            r'value="([^"]*)" selected' if tag.startswith("<select") else r'value="([^"]*)"', tag
        )
        if 'type="checkbox"' in tag and "checked" not in tag:
            continue
        value = tag.partition(">")[2] if tag.startswith("<textarea") else chosen[1] if chosen else ""
        if 'type="file"' not in tag:
            form.add(name, unescape(value))
    return form


def editor(number: int) -> str:
    return f"/console/bookings/{number}/plan/change"


def opened(client: FlaskClient, number: int) -> MultiDict[str, str]:
    answered = client.get(editor(number), base_url=BASE)
    assert answered.status_code == 200
    return fields(answered.get_data(as_text=True))


def press(client: FlaskClient, number: int, form: MultiDict[str, str], do: str = "") -> Any:
    return client.post(editor(number), base_url=BASE, data=MultiDict([*form.items(multi=True), ("do", do)]))


def pressed(client: FlaskClient, number: int, form: MultiDict[str, str], do: str) -> MultiDict[str, str]:
    """The form after one of the buttons that change it alone."""
    answered = press(client, number, form, do)
    assert answered.status_code == 200, answered.get_data(as_text=True)
    return fields(answered.get_data(as_text=True))


def read_by_client(app: Flask, context: Context, number: int) -> str:
    with context.db.begin() as tx:
        url = links.issue(tx, context, LinkPurpose.plan, number, datetime.now(UTC))
    page = browser(app).get(url.removeprefix(BASE), base_url=BASE)
    assert page.status_code == 200
    return unescape(page.get_data(as_text=True))


def test_a_button_changes_the_form_and_nothing_else(context: Context, client: FlaskClient) -> None:
    number = seen(context)
    before, form = newest(context, number), opened(client, number)
    first, second, *_ = form.getlist("line")
    form[f"text-{second}"] = "Slowly, ¿vale?"
    form = pressed(client, number, form, f"down:{first}")
    assert form.getlist("line")[:2] == [second, first]
    form = pressed(client, number, pressed(client, number, form, "add:len_cat_camel"), f"up:{first}")
    assert form.getlist("line")[:2] == [first, second]
    assert form.getlist("line")[-1] == "len_cat_camel"
    assert form[f"text-{second}"] == "Slowly, ¿vale?"
    swapped = pressed(client, number, form, f"swap:{first}:act_glute_squeeze")
    assert swapped.getlist("line")[0] == "act_glute_squeeze"
    assert newest(context, number) == before


def edited_by_chance(client: FlaskClient, number: int, chance: Random) -> MultiDict[str, str]:
    """Some presses and typed figures, as a person makes them, within the limits."""
    form = opened(client, number)
    for _ in range(chance.randint(1, 4)):
        name = chance.choice(form.getlist("line"))
        field = chance.choice(
            [f"sets-{name}", f"reps-{name}", f"days-{name}", f"text-{name}", "press", "out"]
        )
        if field == "press":
            form = pressed(client, number, form, f"{chance.choice(('up', 'down'))}:{name}")
        elif field == "out" and len(set(form.getlist("remove")) | {name}) < len(form.getlist("line")):
            form.add("remove", name)
        elif field in form:
            form[field] = "Con calma." if field.startswith("text") else str(chance.randint(1, 7))
    return form


@pytest.mark.parametrize("seed", range(4))
def test_what_is_shown_is_what_is_kept_and_what_the_client_gets(
    app: Flask, context: Context, client: FlaskClient, mailbox: Mailbox, seed: int
) -> None:
    number = seen(context, -2, language=("en", "es")[seed % 2])
    form = edited_by_chance(client, number, Random(seed))
    kept = [name for name in form.getlist("line") if name not in form.getlist("remove")]
    looked = press(client, number, form, "show").get_data(as_text=True)
    assert re.findall(r'<article class="card move" id="(\w+)"', looked) == kept
    assert press(client, number, form).status_code == 303
    plan = newest(context, number)
    assert [item.exercise_id for item in plan.items] == kept
    typed = {"sets": "sets", "reps": "reps", "days": "days_per_week"}
    for item in plan.items:
        shown = {short: form.get(f"{short}-{item.exercise_id}") for short in typed}
        assert {short: str(getattr(item.dose, typed[short])) for short, said in shown.items() if said} == {
            short: said for short, said in shown.items() if said
        }
        assert item.text == form[f"text-{item.exercise_id}"]
    work.work_once(context, datetime.now(UTC))
    assert not mailbox.of("plan"), "it waits for a release"
    page = f"/console/bookings/{number}"
    assert post(client, f"{page}/plan/release", page).status_code == 303
    work.work_once(context, datetime.now(UTC) + timedelta(minutes=1))
    assert len(mailbox.of("plan")) == 1
    seen_by_client = read_by_client(app, context, number)
    assert re.findall(r'<article class="card move" id="(\w+)"', seen_by_client) == kept
    with context.db.read() as tx:
        current = plan_page.current(tx, number).plan
    assert current is not None
    for said in plan_page.worded(context, current).items:
        assert all(f"<li>{part}</li>" in seen_by_client for part in said.dose_text.split(" · "))
        assert said.text in seen_by_client


FOREIGN = ("", " ", "0", "99", "-1", "1.5", "1e1", "two", "²", "9" * 5000, "٣٣", "1;DROP", "<b>", "１１")


@pytest.mark.parametrize("said", some(FOREIGN, 3))
def test_a_figure_that_is_none_or_too_large_is_said_beside_the_field_and_stays_typed(
    context: Context, client: FlaskClient, said: str
) -> None:
    number = seen(context)
    before, form = newest(context, number), opened(client, number)
    field = next(name for name in form if name.startswith("sets-"))
    form[field] = said
    for do in ("", "release", "show"):
        answered = press(client, number, form, do)
        assert answered.status_code == 422
        shown = answered.get_data(as_text=True)
        assert f'id="{field}-bad">A whole number from 1 to 10.' in shown
        assert fields(shown)[field] == said
    assert newest(context, number) == before


@pytest.mark.parametrize("said", ["3", " 3 ", "٣", "３"])
def test_a_number_in_any_digits_counts(context: Context, client: FlaskClient, said: str) -> None:
    number = seen(context)
    form = opened(client, number)
    field = next(name for name in form if name.startswith("sets-"))
    form[field] = said
    assert press(client, number, form).status_code == 303
    items = {item.exercise_id: item for item in newest(context, number).items}
    assert items[field.removeprefix("sets-")].dose.sets == 3


@pytest.mark.parametrize(
    ("lines", "status"),
    [
        (["no_such_move"], 422),
        (["../../etc", "act_bridge"], 422),
        (["own_1"], 422),
        ([], 422),
        (["len_cat_camel"] * 20, 303),
        ([f"x{n}" for n in range(900)], 422),
    ],
)
def test_a_form_that_no_page_of_ours_has_does_no_harm(
    context: Context, client: FlaskClient, lines: list[str], status: int
) -> None:
    number = seen(context)
    before, form = newest(context, number), opened(client, number)
    form.setlist("line", lines)
    form["name-own"] = ""
    assert press(client, number, form).status_code == status
    assert (newest(context, number) == before) == (status != 303)


def test_what_an_answer_blocks_is_shown_with_its_reason_and_refused(
    context: Context, client: FlaskClient
) -> None:
    number = seen(context, gate_bones=["cond_bone"], cond_bone="osteoporosis")
    shown = client.get(editor(number), base_url=BASE).get_data(as_text=True)
    blocked = shown.partition("<b>Foam roller")[2] or shown.partition("<b>Upper back roller")[2]
    assert "Not available:" in blocked[:200]
    form = pressed(client, number, fields(shown), "add:inh_upper_back_roller")
    form.add("remove", form.getlist("line")[0])
    answered = press(client, number, form)
    assert answered.status_code == 422
    form = fields(answered.get_data(as_text=True))
    form["reason"], form["credential"] = "Shown in the visit, soft roller", "LMT"
    assert press(client, number, form).status_code == 303
    plan = newest(context, number)
    assert plan.overrides[0].reason == "Shown in the visit, soft roller"
    again = opened(client, number)
    again[f"text-{again.getlist('line')[0]}"] = "Gently"
    assert press(client, number, again).status_code == 303, "what was signed for stays signed for"


def test_two_who_change_it_at_once_do_not_overwrite_each_other(context: Context, client: FlaskClient) -> None:
    number = seen(context)
    mine, theirs = opened(client, number), opened(client, number)
    name = mine.getlist("line")[0]
    theirs[f"text-{name}"], mine[f"text-{name}"] = "Theirs", "Mine"
    assert press(client, number, theirs).status_code == 303
    answered = press(client, number, mine)
    assert answered.status_code == 409
    form = fields(answered.get_data(as_text=True))
    assert form[f"text-{name}"] == "Mine"
    assert newest(context, number).items[0].text == "Theirs"
    assert press(client, number, form).status_code == 303


def test_release_keeps_what_stands_there_and_lets_it_out_once_with_time_to_undo(
    context: Context, client: FlaskClient, mailbox: Mailbox
) -> None:
    number = seen(context, -2)
    form = opened(client, number)
    name = form.getlist("line")[0]
    form[f"text-{name}"] = "As shown"
    released = press(client, number, form, "release")
    assert released.status_code == 303
    assert "done=release-" in released.headers["Location"]
    assert press(client, number, form, "release").status_code == 409, "twice is once"
    with context.db.read() as tx:
        stored = plans.newest(tx, number)
    assert stored is not None
    assert (stored.status, stored.released_by) == (PlanStatus.released, "Mara Field")
    work.work_once(context, datetime.now(UTC))
    assert not mailbox.of("plan")
    work.work_once(context, datetime.now(UTC) + timedelta(minutes=1))
    assert len(mailbox.of("plan")) == 1


def test_an_own_exercise_reaches_the_client_as_typed(
    app: Flask, context: Context, client: FlaskClient, mailbox: Mailbox
) -> None:
    number = seen(context, -2, language="es")
    form = opened(client, number)
    form["name-own"], form["steps-own"] = "Tücher <ziehen> 拉", "Zieh langsam.\r\n\r\n Atme aus. "
    form["sets-own"] = "0"
    refused = press(client, number, form)
    assert refused.status_code == 422
    form = fields(refused.get_data(as_text=True))
    assert form["name-own"] == "Tücher <ziehen> 拉"
    form["sets-own"] = "3"
    assert press(client, number, form, "release").status_code == 303
    own = newest(context, number).items[-1]
    assert own.own is not None
    assert (own.own.name, own.own.steps, own.dose.sets) == (
        "Tücher <ziehen> 拉",
        ("Zieh langsam.", "Atme aus."),
        3,
    )
    work.work_once(context, datetime.now(UTC) + timedelta(minutes=1))
    shown = read_by_client(app, context, number)
    assert "Tücher <ziehen> 拉" in shown
    assert "3 series de 8" in shown
    url = shown.partition('href="')[2]
    assert url
    go, anybody = re.findall(r'href="(/p/[^"/]+/go)', shown)[0], browser(app)
    page = anybody.get(go, base_url=BASE).get_data(as_text=True)
    assert "Atme aus." in page
    (key,) = set(re.findall(r'name="form_key" value="(\w+)"', page))
    said = {"form_key": key, f"effort-{own.exercise_id}": "right", f"pain-{own.exercise_id}": "2"}
    assert anybody.post(go, base_url=BASE, data=said).status_code == 303
    with context.db.read() as tx:
        stored = plans.newest(tx, number)
    assert stored is not None
    form = opened(client, number)
    form.add("remove", own.exercise_id)
    assert press(client, number, form).status_code == 303
    for where in (f"bookings/{number}", f"clients/{stored.client_id}"):
        console = unescape(client.get(f"/console/{where}", base_url=BASE).get_data(as_text=True))
        assert "Tücher <ziehen> 拉" in console.replace("&lt;", "<").replace("&gt;", ">"), where


def test_a_client_without_answers_has_nothing_to_change(context: Context, client: FlaskClient) -> None:
    number = visit(context, "none", start=TODAY, now=TODAY)
    assert client.get(editor(number), base_url=BASE).status_code == 409
    token = token_in(client.get("/console/account", base_url=BASE))
    data = {"csrf": token, "name-own": "x"}
    assert client.post(editor(number), base_url=BASE, data=data).status_code == 409
    assert client.get(editor(9999), base_url=BASE).status_code == 404


PHOTO = photo(segment(0xE1, b"Exif\0\0" + SECRET))


def with_photo(client: FlaskClient, number: int, form: MultiDict[str, str], data: bytes, do: str = "") -> Any:
    sent = MultiDict(form.items(multi=True))
    sent.add("do", do)
    values: dict[str, Any] = {name: form.getlist(name) for name in form} | {"do": do}
    values["media-own"] = (BytesIO(data), "../../IMG 0001.jpg")
    return client.post(editor(number), base_url=BASE, data=values, content_type="multipart/form-data")


def test_a_photo_of_any_size_loses_nothing_that_was_typed_beside_it(
    context: Context, client: FlaskClient
) -> None:
    number = seen(context, -2)
    form = opened(client, number)
    form["name-own"], form["steps-own"], form["saved-name"] = "Towel 拉", "Pull\nLet go", "First week"
    values: dict[str, Any] = {name: form.getlist(name) for name in form if name != "saved-name"}
    values["media-own"] = FileStorage(BytesIO(PHOTO + bytes(30_000_000)), "IMG 0001.jpg")
    values["saved-name"] = form["saved-name"]  # it stands behind the file, as on the page
    stream, size, boundary = stream_encode_multipart(values)
    arrival = Arrival()
    arrival.add(f"POST {editor(number)} HTTP/1.1\r\nContent-Length: {size}\r\n\r\n".encode())
    while data := stream.read(300_000):
        state = arrival.add(data)
    assert state is State.whole
    head, _, body = bytes(arrival.data).partition(b"\r\n\r\n")
    assert head.endswith(b": %d" % len(body))
    answered = client.post(
        editor(number), base_url=BASE, data=body, content_type=f"multipart/form-data; boundary={boundary}"
    )
    assert answered.status_code == 422
    assert "a photo may have 4 MB, a clip 16 MB" in answered.text
    assert fields(answered.text).getlist("line") == form.getlist("line")
    for name in ("name-own", "saved-name"):
        assert fields(answered.text)[name] == form[name]
    assert "Pull\nLet go</textarea>" in answered.text


def test_what_is_too_large_for_any_page_is_refused_with_how_much_one_takes(
    context: Context, client: FlaskClient
) -> None:
    number = seen(context, -2)
    for data in ({"name-own": "x" * 200_000}, {"media-own": (BytesIO(bytes(30_000_000)), "a.jpg")}):
        refused = client.post(editor(number), base_url=BASE, data=data, content_type="multipart/form-data")
        assert refused.status_code == 413
        assert "A photo may have 4 MB, a clip 16 MB, and all words of a page together 64 kB" in refused.text


def test_a_photo_is_cleaned_sealed_shown_by_the_link_alone_and_erased_with_the_client(
    app: Flask, context: Context, client: FlaskClient, mailbox: Mailbox
) -> None:
    number = seen(context, -2)
    form = opened(client, number)
    form["name-own"], form["steps-own"] = "Towel", "Pull"
    refused = with_photo(client, number, form, b"<html>")
    assert refused.status_code == 422
    assert "no photo or clip that can be cleaned" in refused.get_data(as_text=True)
    undrawn = with_photo(client, number, form, jpeg())
    assert undrawn.status_code == 422, "its parts are there, and nobody can see it"
    assert "The file is damaged, or cut off: take it again." in undrawn.get_data(as_text=True)
    large = with_photo(client, number, form, PHOTO + bytes(17_000_000))
    assert large.status_code == 422
    assert "a photo may have 4 MB" in large.get_data(as_text=True)
    assert with_photo(client, number, form, PHOTO, "release").status_code == 303
    work.work_once(context, datetime.now(UTC) + timedelta(minutes=1))
    shown = read_by_client(app, context, number)
    (address,) = re.findall(r'<img class="own" src="([^"]+)"', shown)
    got = browser(app).get(address, base_url=BASE)
    assert (got.status_code, got.content_type, got.data) == (200, "image/jpeg", clean(PHOTO).data)
    assert got.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert got.headers["X-Content-Type-Options"] == "nosniff"
    assert got.headers["Cache-Control"] == "no-store"
    paper = browser(app).get(f"{address.rpartition('/own/')[0]}/plan.pdf", base_url=BASE)
    assert (paper.status_code, paper.content_type) == (200, "application/pdf")
    part = browser(app).get(address, base_url=BASE, headers={"Range": "bytes=0-3"})
    assert (part.status_code, part.data) == (206, clean(PHOTO).data[:4])
    first = address.rsplit("/", 1)[0]
    for other in (f"{first}/1", f"{first}/99", f"/p/x{first.removeprefix('/p/')}/4"):
        assert browser(app).get(other, base_url=BASE).status_code == 404
    name = newest(context, number).items[-1].exercise_id
    theirs = seen(context, -2, who="Bo Ash")
    at_mine, at_theirs = (f"/console/bookings/{each}/plan/own/{name}" for each in (number, theirs))
    assert client.get(at_mine, base_url=BASE).data == clean(PHOTO).data
    assert client.get(at_theirs, base_url=BASE).status_code == 404
    with context.db.read() as tx:
        stored = plans.newest(tx, number)
        row = tx.all(sa.select(own_media))[0]
    assert stored is not None
    assert b"\xff\xd8" not in bytes(row.sealed_media)[:2]
    found = privacy.export(context, stored.client_id, "mara", datetime.now(UTC))
    assert found is not None
    assert b64decode(found["own_media"][0]["media"]) == clean(PHOTO).data
    gone = privacy.erase(context, stored.client_id, "mara", datetime.now(UTC))
    assert gone is not None
    assert gone.counts["own_media"] == 1
    assert browser(app).get(address, base_url=BASE).status_code == 404


@pytest.mark.parametrize("size", [70_000, 333_000, 3_900_000, 15_000_000])
def test_a_photo_as_large_as_phones_make_them_arrives_whatever_bytes_are_in_it(
    context: Context, client: FlaskClient, size: int
) -> None:
    number = seen(context, -2)
    form = opened(client, number)
    form["name-own"], form["steps-own"] = "Towel", "Pull"
    thumbnails = [segment(0xFE, b"\r\n" * 30_000)] * (size // 60_000)
    assert with_photo(client, number, form, photo(*thumbnails)).status_code == 303
    own = newest(context, number).items[-1].own
    assert own is not None
    assert own.media


def test_an_empty_file_is_refused_at_the_field_and_no_exercise_goes_out_without_its_photo(
    context: Context, client: FlaskClient
) -> None:
    number = seen(context, -2)
    before, form = newest(context, number), opened(client, number)
    form["name-own"], form["steps-own"] = "Towel", "Pull"
    refused = with_photo(client, number, form, b"", "release")
    assert refused.status_code == 422
    assert 'id="media-bad"' in refused.get_data(as_text=True)
    assert fields(refused.get_data(as_text=True))["name-own"] == "Towel"
    assert newest(context, number) == before


def test_who_lets_it_out_sees_the_own_exercise_and_each_word_to_the_client(
    app: Flask, context: Context, client: FlaskClient, mailbox: Mailbox
) -> None:
    number = seen(context, pain_now="9", pain_avg7="8")
    form = opened(client, number)
    form["name-own"], form["steps-own"] = "Towel", "Pull it <slowly>"
    form[f"text-{form.getlist('line')[0]}"] = "Keep it warm"
    assert with_photo(client, number, form, PHOTO).status_code == 303
    name = newest(context, number).items[-1].exercise_id
    for url in ("/console/waits?whose=all", f"/console/bookings/{number}"):
        shown = unescape(client.get(url, base_url=BASE).get_data(as_text=True))
        assert "Pull it <slowly>" in shown
        assert "Keep it warm" in shown
        assert f"/console/bookings/{number}/plan/own/{name}" in shown
    assert post(client, f"/console/bookings/{number}/plan/release", url).status_code == 303
    work.work_once(context, datetime.now(UTC) + timedelta(hours=3))
    theirs = read_by_client(app, context, number)
    assert "Towel" in theirs
    assert "Towel builds strength" not in theirs, "nobody said what it is good for"


def test_a_saved_plan_begins_another_clients_plan_without_what_their_answers_block(
    context: Context, client: FlaskClient
) -> None:
    number = seen(context)
    form = pressed(client, number, opened(client, number), "add:len_cat_camel")
    form.add("remove", form.getlist("line")[0])
    form["name-own"], form["steps-own"] = "Towel of Zoë Łuć", "Pull"
    assert press(client, number, form).status_code == 303
    form = opened(client, number)
    first = form.getlist("line")[0]
    form[f"days-{first}"], form[f"text-{first}"] = "2", "For Zoë alone"
    assert press(client, number, form, "save").status_code == 422, "without a name"
    form["saved-name"] = "Desk <neck> 1"
    saved = pressed(client, number, form, "save")
    assert newest(context, number).items[0].text == "", "the client's plan is as it was"
    (ident,) = set(
        re.findall(r"begin:(\d+)", client.get(editor(number), base_url=BASE).get_data(as_text=True))
    )
    assert saved["saved-name"] == ""
    other = seen(context, who="Bo Ash", gate_bones=["cond_bone"], cond_bone="osteoporosis")
    shown = press(client, other, opened(client, other), f"begin:{ident}").get_data(as_text=True)
    assert "Left out for this client:" in shown
    begun = fields(shown)
    assert "len_cat_camel" not in begun.getlist("line")
    assert begun[f"days-{first}"] == "2"
    assert begun[f"text-{first}"] == ""
    assert press(client, other, begun).status_code == 303
    plan = newest(context, other)
    assert plan.items[[item.exercise_id for item in plan.items].index(first)].dose.days_per_week == 2
    assert any(item.own and item.own.name == "Towel of Zoë Łuć" for item in plan.items)
    with context.db.read() as tx:
        stored = plans.newest(tx, number)
    assert stored is not None
    privacy.erase(context, stored.client_id, "mara", datetime.now(UTC))
    shown = client.get(editor(other), base_url=BASE).get_data(as_text=True)
    assert "Desk &lt;neck&gt; 1" in shown
    assert pressed(client, other, opened(client, other), f"forget:{ident}")
    assert f"begin:{ident}" not in client.get(editor(other), base_url=BASE).get_data(as_text=True)


@pytest.mark.parametrize("number", [str(2**63), "9" * 5000, "-1", "\u0663", "\u00b2", ""])
@pytest.mark.parametrize("act", ["forget", "begin"])
def test_a_saved_plan_that_is_none_is_neither_begun_nor_forgotten(
    context: Context, client: FlaskClient, act: str, number: str
) -> None:
    visited = seen(context)
    form = opened(client, visited)
    sent = {name: form.getlist(name) for name in form} | {"do": f"{act}:{number}"}
    answered = client.post(editor(visited), base_url=BASE, data=sent)
    assert answered.status_code == 200
    assert fields(answered.get_data(as_text=True)).getlist("line") == form.getlist("line")


def test_a_client_who_answered_the_safety_questions_alone_gets_a_plan_from_nothing(
    app: Flask, context: Context, client: FlaskClient, mailbox: Mailbox
) -> None:
    start = TODAY - timedelta(hours=2)
    number = visit(context, "relax", start=start, now=TODAY - timedelta(days=3), service="relaxation-60")
    answer(context, number, TODAY - timedelta(days=1))
    page = f"/console/bookings/{number}"
    assert "Make a plan" in client.get(page, base_url=BASE).get_data(as_text=True)
    form = opened(client, number)
    assert form.getlist("line") == []
    for name in ("calm_belly_breath", "act_glute_squeeze"):
        form = pressed(client, number, form, f"add:{name}")
    looked = press(client, number, form, "show")
    assert looked.status_code == 200
    with context.db.read() as tx:
        assert plans.newest(tx, number) is None
    assert press(client, number, form).status_code == 303
    work.work_once(context, datetime.now(UTC))
    assert not mailbox.of("plan")
    assert post(client, f"{page}/plan/release", page).status_code == 303
    work.work_once(context, datetime.now(UTC) + timedelta(minutes=1))
    assert len(mailbox.of("plan")) == 1
    shown = read_by_client(app, context, number)
    assert re.findall(r'<article class="card move" id="(\w+)"', shown) == [
        "calm_belly_breath",
        "act_glute_squeeze",
    ]


@pytest.mark.parametrize("times", [1, 2])
def test_a_correction_is_taken_back_for_a_while_with_its_mail(
    app: Flask, context: Context, client: FlaskClient, mailbox: Mailbox, times: int
) -> None:
    number = seen(context, -2)
    work.work_once(context, datetime.now(UTC))
    assert len(mailbox.of("plan")) == 1
    for said in ("Slowly", "Very slowly")[:times]:
        form = opened(client, number)
        form[f"text-{form.getlist('line')[0]}"] = said
        corrected = press(client, number, form)
        assert corrected.status_code == 303
    assert said in read_by_client(app, context, number)
    earlier = client.get(f"/console/bookings/{number}", base_url=BASE).text.partition("Earlier versions")[2]
    earlier = earlier.partition("</details>")[0]
    assert ("“Slowly”" in earlier) == (times == 2), "what the client had, not only the names of the moves"
    assert " days a week" in earlier
    page = client.get(corrected.headers["Location"], base_url=BASE).get_data(as_text=True)
    (address,) = re.findall(r'action="(/console/undo/correct/\d+)"', page)
    data = {"csrf": token_in(page), "next": f"/console/bookings/{number}"}
    assert client.post(address, base_url=BASE, data=data).status_code == 303
    shown = read_by_client(app, context, number)
    assert said not in shown
    assert ("Slowly" in shown) == (times == 2)
    assert client.post(address, base_url=BASE, data=data).status_code == 409, "twice is once"
    work.work_once(context, datetime.now(UTC) + timedelta(minutes=1))
    assert len(mailbox.of("plan")) == times, "the mail of a correction that was not taken back"
