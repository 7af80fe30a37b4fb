"""The console's words."""

from web.words import Say as Say
