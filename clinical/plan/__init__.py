"""Choosing a plan by rules, step by step."""
