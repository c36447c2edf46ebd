"""Loads the room's effects when rooms are collected at start-up."""

from . import openness, receipts, retracting, services  # noqa: F401
