"""Collects the kinds of records of this room, one file each."""

from . import error_report_spec, profile_spec  # noqa: F401
