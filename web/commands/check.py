"""The command that says what is wrong with settings and content, and what nothing reads."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import click
from flask import current_app

from handlers.clients import contacts
from handlers.context import Context
from handlers.plans import reviews
from handlers.schedule import news
from handlers.worker import backups, journal, seals, troubles
from integrations.base import IntegrationError
from integrations.channels.email import Smtp
from library import content, signable
from library.mail_texts import own_mail_texts
from library.questionnaires import SIDES
from library.reading import NOT_TRANSLATED, Problem, line_of
from render import mail_check
from render.body import bodymap
from render.body.bodymap import BodyView
from schemas.delivery import Channel
from schemas.message import segments
from schemas.notions.words import Translatable, fill
from schemas.rules import Region
from schemas.trouble import Trouble, TroubleKind
from store import migrate, receipts, reseal
from web import mail_tried
from web.commands import check_outside
from web.commands.base import see, see_mail
from web.context import context as the_context
from web.context import utc_now
from web.troubles import in_a_line

REMARK = "Remark: {text}"
TROUBLE = ("Trouble: {text}", "Trouble with connection {name}: {text}")
EVERYWHERE = ("{text}: {place}", "{text}: {place} and {n} more")
NOT_DRAWN = "is not drawn on the body"
MAIL_NOT_TRIED = Translatable(
    "no test mail by way of this mail server was opened and its button pressed, so nobody knows whether mail "
    "arrives: Setup in the console, Mail, sends one."
)
NO_BACKUP = Translatable(
    "no backup that is made regularly is known here, so nobody hears when it stops: docs/deploy.md, "
    "Back up and restore, says how one is noted."
)
OF_EVERY_FILE = (NOT_TRANSLATED, mail_check.LACKING)
"""Remarks that may hold for a file of every exercise: they are said once, with their number."""


@click.command("check")
@click.option("--mail", is_flag=True, help="Sign in at the mail server, too; nothing is sent.")
@click.option(
    "--outside", is_flag=True, help="Look at what only others see: address, TLS, mail domain, webhooks."
)
def check_command(mail: bool, outside: bool) -> None:
    """Check settings and content; names every problem at once."""
    if outside:
        check_outside.say(the_context(), utc_now())
        return
    lines = found(mail=mail)
    for line in (*lines.wrong, *lines.remarks):
        click.echo(line)
    if lines.wrong:
        raise SystemExit(1)
    click.echo("Settings and content are in order.")


@dataclass(frozen=True, slots=True)
class Found:
    """What must be put right, and what is good to know; a sentence each."""

    wrong: tuple[str, ...]
    remarks: tuple[Translatable, ...]


def found(*, mail: bool = False, seals: bool = True) -> Found:
    """Look at settings, content, connections and the service; `mail`: at the mail server, too; `seals`: read
    every sealed value, which takes minutes after some years.
    """
    problems = [*_content_problems(), *_region_problems(), *_mail_problems(), *_safety_problems()]
    wrong = (
        *current_app.config["MISSING"],
        *(f"content/{each}" for each in problems if each.fatal),
        *_newer(),
        *_keys(),
        *(_seals() if seals else ()),
        *(_mail_server() if mail else ()),
    )
    remarks = (
        *_remarks([each for each in problems if not each.fatal]),
        *current_app.config["REMARKS"],
        *_unbound(),
        *_unreviewed(),
        *_blind(),
        *_connections(),
        *_texts(),
        *_ways(),
        *_replies(),
        *_mail_tried(),
        *_backups(),
    )
    return Found(wrong, (*(Translatable(REMARK, text=each) for each in remarks), *_troubles()))


def _newer() -> Iterator[str]:
    with the_context().db.read() as tx:
        if why := migrate.why_newer(tx):
            yield why


def _keys() -> Iterator[str]:
    db = the_context().db
    if migrate.is_current(db):
        with db.read() as tx:
            if not receipts.opens(tx):
                yield Translatable(
                    "FIELD_KEYS does not open what is in the database: add the key that sealed it."
                )


MOST_ROWS = 100


def _seals() -> Iterator[str]:
    """Each sealed value that does not open, by its row; nothing of what is in it."""
    if not migrate.is_current(the_context().db):
        return
    found = list(seals.broken(the_context()))
    yield from (Translatable("Broken seal: {row}", row=each) for each in found[:MOST_ROWS])
    if len(found) > MOST_ROWS:
        yield Translatable("Broken seals: {n} more.", n=len(found) - MOST_ROWS)


def _unbound() -> Iterator[Translatable]:
    db = the_context().db
    if not migrate.is_current(db):
        return
    with db.read() as tx:
        if reseal.may_be_unbound(tx):
            yield Translatable("sealed values of before are not bound to their place: run flask reseal.")


def _unreviewed() -> Iterator[Translatable]:
    """Files that nobody with a credential has signed, or not this text, or not for now: by their number."""
    db = the_context().db
    if not migrate.is_current(db):
        return
    with db.read() as tx:
        found = reviews.standing(tx, signable.hashes(current_app.config["CONTENT"]), utc_now())
    count = sum(each.why is not None for each in found)
    if count:
        yield Translatable(
            "{n} of {all} files of content are unreviewed: flask review list names them, flask review sign "
            "signs.",
            n=count,
            all=len(found),
        )


def _ways() -> Iterator[Translatable]:
    """An alarm needs two ways: the second one counts when the first one fails."""
    clinic = the_context().clinic
    mails, numbers = _of_people()
    mails |= {each.casefold() for each in (clinic.alert_email, clinic.alert_next_email) if each}
    texts = bool(clinic.alert_sms or numbers) and Channel.sms in the_context().senders
    if len(mails) + texts < 2:
        yield Translatable(
            "there is only one way to reach you with an alert. If it fails, nobody is reached: set "
            "CLINIC_ALERT_SMS (with SMS_ACCOUNT) or, for another person, CLINIC_ALERT_NEXT_EMAIL."
        )
    elif not texts:
        yield Translatable(
            "alerts reach you by mail alone. If the mail server fails, nobody is reached: set "
            "CLINIC_ALERT_SMS and SMS_ACCOUNT."
        )


def _replies() -> Iterator[Translatable]:
    """A client who replies to a mail thinks that somebody reads it."""
    clinic = the_context().clinic
    if contacts.is_read_by_nobody(clinic.reply_to or clinic.email):
        yield Translatable(
            "a client's reply to a mail goes to an address that nobody reads: set CLINIC_REPLY_TO "
            "(`reply_to` in clinic.toml) to one that somebody does."
        )


def _mail_tried() -> Iterator[Translatable]:
    """Only a person can say that a mail came."""
    if migrate.is_current(the_context().db) and not mail_tried.came():
        yield MAIL_NOT_TRIED


def _backups() -> Iterator[Translatable]:
    """Another way of backup is right, too; only that nobody would hear of its end is good to know."""
    if not migrate.is_current(the_context().db):
        return
    with the_context().db.read() as tx:
        if not backups.is_known(tx):
            yield NO_BACKUP


def _of_people() -> tuple[set[str], set[str]]:
    """The addresses and numbers of those who chose to be sent every alert."""
    db = the_context().db
    if not migrate.is_current(db):
        return set(), set()
    with db.read() as tx:
        found = news.alerted(tx)
    numbers = {wanted.number for _who, wanted in found if wanted.number}
    return {who.email.casefold() for who, _wanted in found}, numbers


def _mail_server() -> Iterator[str]:
    sender = the_context().senders[Channel.email]
    assert isinstance(sender, Smtp)
    try:
        sender.check()
    except IntegrationError as error:
        yield f"{error} {see_mail(error)}"


def _content_problems() -> list[Problem]:
    return content.problems(current_app.config["CONTENT"])


def _region_problems() -> Iterator[Problem]:
    """A place that is not drawn is offered to nobody; one that is drawn without words cannot be chosen."""
    drawn = {region.id for view in BodyView for region in bodymap.regions(view)}
    places = the_context().library(the_context().clinic.language).regions
    file, path = "regions.toml", current_app.config["CONTENT"] / "regions.toml"
    ids = {name for place in places for name in _ids(place)}
    for place in places:
        if not drawn & set(_ids(place)):
            yield Problem(file, line_of(path, place.id), place.id, NOT_DRAWN, fatal=False)
    yield from (Problem(file, 1, name, "is drawn on the body and has no words") for name in drawn - ids)


def _ids(place: Region) -> list[str]:
    return [f"{place.id}_{side}" for side in SIDES] if place.sides else [place.id]


def _mail_problems() -> Iterator[Problem]:
    context, folder = the_context(), current_app.config["CONTENT"]
    for language in context.clinic.languages:
        file = f"mail/{language}.toml"
        lacking = mail_check.lacking(own_mail_texts(folder, language))
        for key, text in (*mail_check.problems(context.mail_texts(language)), *lacking):
            fatal = text not in (mail_check.NOBODY, mail_check.LACKING)
            yield Problem(file, line_of(folder / file, key), key, text, fatal)


def _safety_problems() -> Iterator[Problem]:
    """What is worst to leave in another language: it is said apart from all else that is not translated."""
    context = the_context()
    plain = context.library("en").questionnaires
    for language in context.clinic.languages:
        for form in context.library(language).questionnaires.values() if language != "en" else ():
            asked = [each for each in form.questions() if each.safety]
            same = [each for each in asked if plain[form.id].by_id[each.id].label == each.label]
            if same:
                text = Translatable(
                    "does not translate {n} of {all} questions of the safety check",
                    n=len(same),
                    all=len(asked),
                )
                yield Problem(f"{language}/questionnaires/{form.id}.toml", 1, "file", text, fatal=False)


def _remarks(found: Sequence[Problem]) -> Iterator[Translatable]:
    """What does not stop anything: one line each, but for what is to be said of almost every file."""
    kinds = Counter(each.text for each in found if each.text in OF_EVERY_FILE)
    first = {each.text: f"content/{each.file}:{each.line}" for each in reversed(found)}
    for text, count in kinds.items():
        yield Translatable(EVERYWHERE[count > 1], text=Translatable(text), place=first[text], n=count - 1)
    for each in found:
        if each.text not in OF_EVERY_FILE:
            place = f"content/{each.file}:{each.line}: {each.id}"
            yield Translatable("{place}: {text}", place=place, text=_sentence(each.text))


def _sentence(text: str) -> Translatable:
    return text if isinstance(text, Translatable) else Translatable(text)


def _texts() -> Iterator[Translatable]:
    """Texts that travel in more parts than one, each of which is paid for."""
    context = the_context()
    url = f"{context.clinic.public_url}/c/{'x' * 32}"  # as long as a personal link
    for language in context.clinic.languages if Channel.sms in context.senders else ():
        words = context.mail_texts(language)["sms"]["checkin"]
        parts = segments(fill(words, {"clinic": context.clinic.name, "url": url}))
        if parts > 1:
            yield Translatable(
                "a text in '{language}' is paid as {n}, for letters such as á or its length.",
                language=language,
                n=parts,
            )


def _troubles() -> Iterator[Translatable]:
    """What is wrong at this moment with the service, and with connections by what the worker has seen."""
    context = the_context()
    if migrate.is_current(context.db):
        with context.db.read() as tx:
            found = troubles.current(tx, context, utc_now())
            late = backups.overdue(tx, utc_now())
        unseen = [late] if late and late.kind not in {each.kind for each in found} else []
        for each in (*found, *unseen, *_of_the_journal(context, found)):
            yield Translatable(TROUBLE[bool(each.name)], name=each.name, text=in_a_line(each))


def _of_the_journal(context: Context, known: Sequence[Trouble]) -> Iterator[Trouble]:
    """What no worker has seen yet; beside PostgreSQL worker and file may be on another machine."""
    kinds = {each.kind for each in known}
    for kind in sorted(journal.wrong(context) - kinds) if context.db.sqlite else ():
        yield Trouble(kind, "", str(context.journal), utc_now())
    why = journal.hindrance(context) if context.db.sqlite else ""
    if why and TroubleKind.journal_unkept not in kinds:
        yield Trouble(TroubleKind.journal_unkept, "", f"{context.journal}: {why}", utc_now())


def _connections() -> Iterator[Translatable]:
    """What there is to know of each connection; some of it is asked there."""
    for name, scheduler in the_context().schedulers.items():
        try:
            if scheduler.readable:
                scheduler.ping()
            for text in scheduler.remarks():
                yield Translatable("connection {name}: {text}", name=name, text=text)
        except IntegrationError as error:
            said, do = error.sentence, see(error, name)
            yield Translatable(
                "connection {name} could not be asked: {text} {do}", name=name, text=said, do=do
            )


def _blind() -> Iterator[Translatable]:
    for name, scheduler in the_context().schedulers.items():
        if not scheduler.readable:
            yield Translatable(
                "connection {name} cannot be read, so what no webhook tells is not found; where "
                "docs/schedulers names an API key for reading, set it.",
                name=name,
            )
