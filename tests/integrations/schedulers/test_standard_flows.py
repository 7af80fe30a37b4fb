"""The flows for automations send what the published schema says, signed with three headers."""

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from integrations.schedulers.standard.shape import json_schema
from tests.helpers.wire import connect, inbound

DOCS = Path(__file__).parents[3] / "docs" / "schedulers"
N8N, NODE_RED = DOCS / "standard-n8n.json", DOCS / "standard-node-red.json"
HEADERS = ("webhook-id", "webhook-timestamp", "webhook-signature")


def of_n8n() -> dict[str, Any]:
    """The booking in the flow for n8n; an expression stands where its time is."""
    nodes = {node["name"]: node for node in json.loads(N8N.read_text())["nodes"]}
    written = nodes["Booking"]["parameters"]["jsonOutput"].removeprefix("={{").removesuffix("}}")
    body: dict[str, Any] = json.loads(written.replace("$now.toISO()", '"2026-11-20T09:12:31Z"'))
    return body


def of_node_red() -> dict[str, Any]:
    """The booking in the flow for Node-RED."""
    (node,) = (node for node in json.loads(NODE_RED.read_text()) if node["type"] == "template")
    body: dict[str, Any] = json.loads(node["template"])
    return body


@pytest.mark.parametrize("body", [of_n8n(), of_node_red()], ids=["n8n", "node-red"])
def test_the_booking_of_a_flow_fits_the_schema_and_is_read_whole(body: dict[str, Any]) -> None:
    jsonschema.Draft202012Validator(json_schema()).validate(body)
    (notice,) = connect("standard").parse(inbound(body, {"webhook-id": "msg_1"}))
    assert notice.booking is not None
    assert notice.notes == ()
    assert notice.booking.client.email == "zoe@example.org"


def test_every_recipe_sends_the_three_headers_and_no_secret() -> None:
    page = (DOCS / "standard.md").read_text()
    recipes = [N8N.read_text(), NODE_RED.read_text(), *re.findall(r"```(?:js|python)\n(.*?)```", page, re.S)]
    assert len(recipes) == 4
    for recipe in recipes:
        assert all(name in recipe for name in HEADERS)
        assert not re.search(r"whsec_[A-Za-z0-9+/]{16}", recipe)


def test_the_page_names_the_flows() -> None:
    page = (DOCS / "standard.md").read_text()
    for file in (N8N, NODE_RED, DOCS / "standard.schema.json"):
        assert f"({file.name})" in page
