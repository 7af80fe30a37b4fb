"""Texts: what the service answers, what is not known, the words of clients, the segments."""

import tomllib
from pathlib import Path
from typing import Any

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st
from urllib3.exceptions import MaxRetryError, NewConnectionError, ProtocolError

from integrations.base import IntegrationError, NotAsked, OptedOut, OutcomeUnknown
from integrations.channels.sms import LONGEST_HOLD, Sms, wants_start, wants_stop
from schemas.message import GSM, Text, segments
from tests.helpers.fake_vendor import FakeVendor

WHERE = "/2010-04-01/Accounts/AC1/Messages.json"
TEXT = Text("+15550100139", "Hands of Stone: a quick question for you.", "k1")
# twilio.com/docs/messaging/api/message-resource, "Create a Message"; and /docs/api/errors for refusals
SENT = {"sid": "SM1", "status": "queued", "num_segments": "1", "error_code": None, "to": "+15550100139"}


def refusal(code: int, status: int) -> dict[str, Any]:
    """A refusal as the service writes it."""
    more = f"https://www.twilio.com/docs/errors/{code}"
    return {"code": code, "message": "It cannot be sent.", "more_info": more, "status": status}


def sent_by(vendor: FakeVendor) -> str:
    """What becomes of one text."""
    return Sms(vendor.http(), "AC1", "token", "+15550100100", "https://vendor.example").send(TEXT)


def never_connected() -> requests.ConnectionError:
    """As requests raises it where nobody listens."""
    return requests.ConnectionError(
        MaxRetryError(None, WHERE, NewConnectionError(None, "refused"))  # type: ignore[arg-type]
    )


def test_a_text_that_was_taken_has_an_id() -> None:
    vendor = FakeVendor().on("POST", WHERE, SENT, 201)
    assert sent_by(vendor) == "SM1"
    assert vendor.calls[0].auth == ("AC1", "token")


@pytest.mark.parametrize("body", [b"", b"<html>", [], None, {"sid": None}])
def test_a_text_that_was_taken_is_not_sent_again_whatever_the_answer_says(body: Any) -> None:
    assert sent_by(FakeVendor().on("POST", WHERE, body, 201)) == ""


@pytest.mark.parametrize(
    "lost",
    [
        requests.ReadTimeout("no answer"),
        requests.ConnectionError(ProtocolError("Connection aborted.", ConnectionResetError())),
        requests.exceptions.ChunkedEncodingError("half an answer"),
        requests.ConnectionError(),
    ],
)
def test_an_answer_that_was_lost_after_the_request_is_unknown(lost: Exception) -> None:
    with pytest.raises(OutcomeUnknown):
        sent_by(FakeVendor().on("POST", WHERE, lost))


@pytest.mark.parametrize("lost", [requests.ConnectTimeout("x"), never_connected()])
def test_a_request_that_never_left_may_be_repeated(lost: Exception) -> None:
    with pytest.raises(IntegrationError) as raised:
        sent_by(FakeVendor().on("POST", WHERE, lost))
    assert not isinstance(raised.value, OutcomeUnknown)
    assert not raised.value.permanent


@pytest.mark.parametrize("status", [500, 502, 504])
def test_a_service_that_failed_over_a_text_may_have_sent_it(status: int) -> None:
    with pytest.raises(OutcomeUnknown):
        sent_by(FakeVendor().on("POST", WHERE, refusal(20500, status), status))


def test_no_service_keeps_an_alert_back_for_hours() -> None:
    vendor = FakeVendor().on("POST", WHERE, refusal(20429, 429), 429, {"Retry-After": "1000000000"})
    sms = Sms(vendor.http(), "AC1", "token", "+15550100100", "https://vendor.example")
    for kind in (IntegrationError, NotAsked):
        with pytest.raises(kind) as raised:
            sms.send(TEXT)
        assert 0 < (raised.value.retry_after or 0) <= LONGEST_HOLD


@pytest.mark.parametrize("status", [429, 503])
def test_too_many_requests_name_how_long_to_wait(status: int) -> None:
    vendor = FakeVendor().on("POST", WHERE, refusal(20429, status), status, {"Retry-After": "37"})
    with pytest.raises(IntegrationError) as raised:
        sent_by(vendor)
    assert (raised.value.permanent, raised.value.retry_after) == (False, 37)


def test_21610_is_an_opt_out() -> None:
    with pytest.raises(OptedOut) as raised:
        sent_by(FakeVendor().on("POST", WHERE, refusal(21610, 400), 400))
    assert raised.value.permanent


@pytest.mark.parametrize(("code", "status"), [(21211, 400), (21614, 400), (20003, 401), (20404, 404)])
def test_a_refusal_for_good_is_not_tried_again(code: int, status: int) -> None:
    with pytest.raises(IntegrationError) as raised:
        sent_by(FakeVendor().on("POST", WHERE, refusal(code, status), status))
    assert raised.value.permanent
    assert "0139" not in str(raised.value)


STOPS = (
    *(
        "STOP",
        "stop",
        "Stop.",
        '"STOP"',
        " stop\n",
        "STOP!!",
        "STOP please",
        "Please stop",
        *(
            "Don't text me",
            "Don’t text me anymore!",
            "do not text me",
            "Stop sending me texts",
            "No more texts",
        ),
        *("Wrong number", "¡Paren ya!", "Quiero parar", "Dar de baja", "dame de baja por favor"),
        *(
            "No me escriban más",
            "NO QUIERO MÁS MENSAJES",
            "Dejen de escribirme, gracias",
            "número equivocado",
        ),
        "stop texting me",
        *("I want to unsubscribe", "I'd like to unsubscribe", "I want to opt out of these texts"),
        *("Quiero dejar de recibir mensajes", "Dejen de molestarme", "No quiero seguir recibiendo textos"),
    ),
    *(
        "STOPALL",
        "Stop all",
        "UNSUBSCRIBE",
        "Unsubscribe please",
        "CANCEL",
        "END",
        "QUIT",
        "OPTOUT",
        "Opt-out",
    ),
    *("REVOKE", "ALTO", "¡Alto!", "PARE", "parar", "BAJA", "Darse de baja", "Cancelar", "no más mensajes"),
    *("NO MAS", "basta ya", "Pare por favor", "fin", "ＳＴＯＰ", "stop 🙏"),
    *("STOP STOP", "stop\nstop", "stop messaging me", "Stop the messages", "Leave me alone"),
    *("Don't message me", "No me envíe más mensajes", "No quiero recibir mensajes", "deje de escribirme"),
    *("No me manden mensajes", "Cancelar suscripción"),
    *("eliminar", "Elimíname", "ELIMINEN MI NÚMERO", "Quitar", "Quítenme de la lista, por favor", "Bórrame"),
    *(
        "Sáquenme de su lista",
        "ya no",
        "Ya no, gracias",
        "Ya no quiero recibir mensajes",
        "ya no me escriban",
    ),
    *("Ya no me manden más mensajes", "No deseo recibir más mensajes", "quiero darme de baja", "Ya basta"),
    *("Denme de baja de esta lista", "Dejen de mandarme mensajes", "No me molesten más", "déjenme en paz"),
    *("Take me off", "take me off your list", "Take my number off this list", "no more", "No more reminders"),
    *("Remove me from your list", "Remove my number please", "Delete my number", "Lose my number"),
    *("I don't want these messages", "I no longer want your texts", "Don't send me any more messages"),
    *("Stop contacting me", "Stop your texts now", "STOP SMS", "Cancel these reminders", "unsubscribe me"),
)
STARTS = (
    "START",
    "start.",
    "Start please",
    "UNSTOP",
    "YES",
    "ALTA",
    "Inicio",
    "comenzar",
    "Empezar por favor",
    "start again",
    "Darme de alta",
)
NEITHER = (
    *(
        "",
        "Thanks",
        "Cancel my appointment",
        *("No more pain, thank you", "Don't text me the address, call", "¿Para cuándo?", "No quiero parar"),
        "don't stop",
        "My neck stopped hurting",
        "When do I start again?",
    ),
    *(
        "I want to stop the pain",
        "No quiero cancelar mi cita",
        "I want to cancel my appointment",
        "Cancel this",
    ),
    *("Quiero quitar el dolor", "Quitar la cita del lunes", "¿Puedo eliminar la cita?", "ya no me duele"),
    *("Ya no quiero ir el lunes", "No quiero ir", "No more back pain!", "Take me off at 5", "¿Para mí?"),
    *("I don't want to come", "I don't want to stop", "Don't remove me", "No me quiten", "No me den de baja"),
    *(
        "Please don't delete my number",
        "It is at the end",
        "fin de semana",
        "¿Para qué número?",
        "no, gracias",
    ),
    *(
        "I got a wrong number of exercises",
        "The pain will not stop",
        "Stop by at 3?",
        "I will remove the tape",
    ),
    *("Not now", "Baja el dolor", "Me quité la venda", "Should I stop the exercises?", "Stop exercising?"),
    *("no", "Sí", "¿A qué hora paro?", "HELP", "The end of the week is fine", "STOP " * 60),
)


@pytest.mark.parametrize("said", STOPS)
def test_stop_is_understood_in_both_languages(said: str) -> None:
    assert (wants_stop(said), wants_start(said)) == (True, False)


@pytest.mark.parametrize("said", STARTS)
def test_start_is_understood_in_both_languages(said: str) -> None:
    assert (wants_stop(said), wants_start(said)) == (False, True)


@pytest.mark.parametrize("said", NEITHER)
def test_what_is_neither_changes_nothing(said: str) -> None:
    assert (wants_stop(said), wants_start(said)) == (False, False)


@given(st.text(max_size=300))
def test_no_text_is_both(said: str) -> None:
    assert not (wants_stop(said) and wants_start(said))


@pytest.mark.parametrize(
    ("body", "parts"),
    [
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("a" * 306, 2),
        ("a" * 307, 3),
        ("ñ" * 160, 1),
        ("€" * 80, 1),
        ("€" * 81, 2),
        ("más" + "a" * 67, 1),
        ("más" + "a" * 68, 2),
        ("á" * 134, 2),
        ("á" * 135, 3),
        ("🙏" * 35, 1),
        ("🙏" * 36, 2),
        ("", 1),
    ],
)
def test_a_text_in_other_letters_takes_more_segments(body: str, parts: int) -> None:
    assert segments(body) == parts


@pytest.mark.parametrize("language", ["en", "es"])
def test_our_own_words_need_no_other_letters(language: str) -> None:
    file = Path(__file__).parents[2] / "content" / "mail" / f"{language}.toml"
    words = tomllib.loads(file.read_text("utf-8"))["sms"]["checkin"]
    assert set(words) - set("{}") <= GSM
    assert segments(words.format(clinic="Hands of Stone", url="https://care.example.com/c/" + "x" * 43)) == 1
