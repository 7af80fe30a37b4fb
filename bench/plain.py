"""What a webhook route costs at least: a route that does nothing, and one INSERT a request."""

import os

import sqlalchemy as sa
from cryptography.fernet import Fernet
from flask import Flask, Response, jsonify, request

from store.base import Database
from store.vault import Vault

ROWS = sa.Table(
    "rows", sa.MetaData(), sa.Column("id", sa.Integer, primary_key=True), sa.Column("body", sa.Text)
)


def nothing() -> Flask:
    """Reads the body and answers 202."""
    app = Flask(__name__)

    @app.post("/webhooks/main")
    def receive() -> tuple[Response, int]:
        request.get_data()
        return jsonify(receipt="r"), 202

    return app


def insert() -> Flask:
    """Stores the body in a transaction of its own, with the connection settings of the application."""
    app = Flask(__name__)
    db = Database(os.environ["DATABASE_URL"], Vault([Fernet.generate_key().decode()]))
    ROWS.create(db.engine, checkfirst=True)

    @app.post("/webhooks/main")
    def receive() -> tuple[Response, int]:
        with db.begin() as tx:
            tx.run(sa.insert(ROWS).values(body=request.get_data(as_text=True)))
        return jsonify(receipt="r"), 202

    return app
