"""Loads the room's effects when rooms are collected at start-up."""

from . import services  # noqa: F401
