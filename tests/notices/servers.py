"""A real mail server and a real receiver of hooks, on sockets of this machine."""

import email
import email.policy
import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from aiosmtpd.controller import Controller


class MailServer:
    """What a mail server received, and what it is told to answer. ``on_mail`` is called before it answers."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.recipients: list[str] = []
        self.answers: dict[str, str] = {}
        self.dies = False
        self.on_mail: Callable[[], None] = lambda: None

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        if "RCPT" in self.answers:
            return self.answers["RCPT"]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        if "DATA" in self.answers:
            return self.answers["DATA"]
        self.mails.append(email.message_from_bytes(envelope.content, policy=email.policy.default))  # type: ignore[arg-type]
        self.recipients += envelope.rcpt_tos
        self.on_mail()
        if self.dies:
            # Accepted, but the answer never arrives.
            server.transport.close()
        return "250 OK"

    def last(self) -> str:
        return str(self.mails[-1].get_content())

    def subject(self) -> str:
        return str(self.mails[-1]["Subject"]).strip()


class Receiver:
    """What a receiver of hooks was sent. ``answer`` is the status it gives; 0 closes the line without one."""

    def __init__(self) -> None:
        self.calls: list[dict[str, Any]] = []
        self.answer = 204
        self.location = ""
        self.on_call: Callable[[], None] = lambda: None


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def mail_server() -> Iterator[tuple[MailServer, int]]:
    handler = MailServer()
    controller = Controller(handler, hostname="127.0.0.1", port=free_port())
    controller.start()
    try:
        yield handler, controller.port
    finally:
        controller.stop()


@contextmanager
def receiver() -> Iterator[tuple[Receiver, int]]:
    told = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            told.calls.append(
                {"path": self.path, "headers": dict(self.headers), "body": body, "data": json.loads(body)}
            )
            told.on_call()
            if not told.answer:
                self.close_connection = True
                return
            self.send_response(told.answer)
            if told.location:
                self.send_header("Location", told.location)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield told, server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
