"""Puts every part of the web onto the application."""

from functools import partial

from flask import Flask

from handlers.context import Context
from render.language.readable import begins_alike
from schemas.notions import phone
from store.ingest import Ingest
from store.running.refusals import Refusals
from web import (
    bounces,
    commands,
    compress,
    console,
    errors,
    front,
    health,
    inline,
    logs,
    metrics,
    notice,
    security,
    setup,
    sms,
    static_files,
    webhooks,
)
from web.client import (
    again,
    checkin,
    choices,
    confirm,
    days,
    go,
    intake,
    number,
    offline,
    plan,
    stop,
)
from web.numbers import Number


def everything(app: Flask, context: Context) -> None:
    """Routes, protections, commands and logs."""
    logs.install(app.config["LOG_LEVEL"])
    app.extensions["aftercare"] = context
    app.extensions["ingest"] = Ingest(context.db)
    app.extensions["refusals"] = Refusals(context.db)
    app.url_map.converters["int"] = Number
    webhooks.install(app)
    security.install(app, context)
    compress.install(app)
    errors.install(app)
    metrics.install(app, context)
    for part in (
        front,
        webhooks,
        health,
        sms,
        bounces,
        static_files,
        intake,
        plan,
        go,
        days,
        checkin,
        stop,
        choices,
        notice,
        again,
        confirm,
        number,
        offline,
    ):
        app.register_blueprint(part.blueprint)
    console.install(app)
    setup.install(app)
    country = context.clinic.country
    app.jinja_env.filters.update(
        tel=partial(phone.link, country=country), phone=partial(phone.shown, country=country)
    )
    app.jinja_env.tests["like"] = begins_alike
    commands.install(app)
    if app.config["WORKER"] == "inline":
        inline.start(context)
