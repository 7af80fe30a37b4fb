"""Puts every part of the web onto the application."""

from flask import Flask

from handlers.house import House
from store.ingest import Ingest
from store.refusals import Refusals
from web import (
    commands,
    console,
    errors,
    front,
    health,
    inline,
    logs,
    security,
    static_files,
    texts,
    webhooks,
)
from web.client import checkin, intake, plan, stop


def everything(app: Flask, house: House) -> None:
    """Routes, protections, commands and logs."""
    logs.install(app.config["LOG_LEVEL"])
    app.extensions["aftercare"] = house
    app.extensions["ingest"] = Ingest(house.db)
    app.extensions["refusals"] = Refusals(house.db)
    security.install(app, house)
    errors.install(app)
    for part in (front, webhooks, health, texts, static_files, intake, plan, checkin, stop):
        app.register_blueprint(part.blueprint)
    console.install(app)
    commands.install(app)
    if app.config["WORKER"] == "inline":
        inline.start(house)
