"""Answers: what is asked next, the facts they hold, the flags they raise."""
