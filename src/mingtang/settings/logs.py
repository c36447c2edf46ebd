"""Log lines without personal data: JSON for machines (MINGTANG_LOG=json), or plain.

Left out: query strings, form values, names, full network addresses, and the words of errors (see ``text.error_words``).
Of libraries' messages only the fixed part is kept, since what they fill in may be anything.
"""

import json
import logging
import sys
import threading
from contextvars import ContextVar
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from mingtang.text.error_words import chain, places, told

SHANGHAI = ZoneInfo("Asia/Shanghai")
OURS = "mingtang"
FIELDS = ("method", "view", "status", "milliseconds", "network", "person")
request_id: ContextVar[str] = ContextVar("request_id", default="")


class SafeFormatter(logging.Formatter):
    """One line for each record. ``lines`` is ``json`` or ``plain``."""

    def __init__(self, lines: str = "plain") -> None:
        super().__init__()
        self.lines = lines

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, SHANGHAI).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": message_of(record),
        }
        if request_id.get():
            line["request"] = request_id.get()
        line.update({name: getattr(record, name) for name in FIELDS if hasattr(record, name)})
        request = getattr(record, "request", None)
        match = getattr(request, "resolver_match", None)
        if match is not None:
            line["view"] = match.view_name
        if hasattr(record, "status_code"):
            line["status"] = record.status_code
        error = record.exc_info[1] if record.exc_info else None
        if error is not None:
            line["error"], line["where"] = chain(error), places(error)
        if self.lines == "json":
            return json.dumps(line, ensure_ascii=False, default=str)
        more = " ".join(
            f"{name}={value}" for name, value in line.items() if name not in ("at", "level", "logger", "message")
        )
        return f"{line['at']} {line['level']} {line['logger']} {line['message']} {more}".strip()


def message_of(record: logging.LogRecord) -> str:
    """Our own messages filled in, with errors told safely; of others only the fixed part."""
    if record.name != OURS and not record.name.startswith(f"{OURS}."):
        return record.msg if isinstance(record.msg, str) and record.args else _fixed(record.msg)
    arguments = record.args
    if isinstance(arguments, tuple):
        arguments = tuple(told(one) if isinstance(one, BaseException) else one for one in arguments)
    text = str(record.msg)
    return text % arguments if arguments else text


def _fixed(message: Any) -> str:
    # A library that fills its message in by itself leaves no fixed part.
    if isinstance(message, BaseException):
        return told(message)
    words = str(message).split()
    return " ".join(words[:2]) if len(words) > 2 else "…"


def settings_of(lines: str, level: str) -> dict[str, Any]:
    """The value of Django's LOGGING."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"safe": {"()": "mingtang.settings.logs.SafeFormatter", "lines": lines}},
        "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "safe"}},
        "root": {"handlers": ["console"], "level": level},
        # One line for each request, where machines read them.
        "loggers": {"mingtang.requests": {"level": "INFO" if lines == "json" else "WARNING"}},
    }


def catch_uncaught() -> None:
    """Have what nobody caught written as a log line too."""

    def of_process(kind: type[BaseException], error: BaseException, trace: Any) -> None:
        if issubclass(kind, KeyboardInterrupt):
            sys.__excepthook__(kind, error, trace)
            return
        logging.getLogger("mingtang.uncaught").critical("uncaught", exc_info=(kind, error, trace))

    def of_thread(given: threading.ExceptHookArgs) -> None:
        if given.exc_value is not None:
            of_process(given.exc_type, given.exc_value, given.exc_traceback)

    sys.excepthook, threading.excepthook = of_process, of_thread
