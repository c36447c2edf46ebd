"""Mingtang (明堂): the open-government system of a city."""

__version__ = "0.1.0"
