"""Loads the room's effects when rooms are collected at start-up."""

from . import profile_services, services  # noqa: F401
