"""The words of the app: frozen dataclasses, and the marshmallow schemas that load and dump them."""
