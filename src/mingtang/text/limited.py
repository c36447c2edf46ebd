"""Reading strangers' files in a process apart, with bounded memory and time.

A file of a few kilobytes can ask for gigabytes or hours, and a fault in a library written in C ends its whole process.
The process here keeps running and is asked for one file after another; what it may not do ends it, never its parent.
"""

from __future__ import annotations

import json
import os
import select
import struct
import subprocess
import sys
import time
from collections.abc import Callable
from threading import Lock
from typing import Any

from .upload_errors import UploadError

LIMIT_MEMORY = 1536 * 1024 * 1024  # addresses, of which Python and its libraries take a third
LIMIT_SECONDS = 60.0
LIMIT_ANSWER = 256 * 1024 * 1024
_HEAD = struct.Struct(">II")

Task = Callable[[str, bytes], dict[str, Any]]
_inside = False


def too_much() -> UploadError:
    return UploadError(
        "too_much", "文件打开后过大或过于复杂，可能有害，没有读取。请用“打印”或“另存为”重新生成，或拆分后再上传。"
    )


class Reader:
    """One reading process. Safe for threads, which wait for one another; not to be used after a fork."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._owner = 0
        self._lock = Lock()

    def ask(self, task: str, name: str, data: bytes, *, seconds: float = LIMIT_SECONDS) -> dict[str, Any]:
        """What ``task`` makes of a file.

        Raises:
            UploadError: what the task says of the file, or ``too_much`` when it wanted more memory or time.
        """
        with self._lock:
            try:
                answer = self._exchange(task, name, data, time.monotonic() + seconds)
            except (OSError, EOFError, TimeoutError) as error:
                self.close()
                raise too_much() from error
        if "error" in answer:
            raise UploadError(answer["error"], answer["message"])
        return answer

    def close(self) -> None:
        """End the process; the next question starts another."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            for pipe in (process.stdin, process.stdout):
                if pipe is not None:
                    pipe.close()
            process.wait()

    def _exchange(self, task: str, name: str, data: bytes, deadline: float) -> dict[str, Any]:
        if self._owner != os.getpid():
            self._process, self._owner = None, os.getpid()  # a child of ours must not talk to its parent's process
        if self._process is None or self._process.poll() is not None:
            self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
                [sys.executable, "-c", "from mingtang.text.limited import main; main()"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                bufsize=0,
            )
        assert self._process.stdin is not None and self._process.stdout is not None
        head = json.dumps([task, name]).encode()
        _write_all(self._process.stdin.fileno(), _HEAD.pack(len(head), len(data)) + head + data, deadline)
        output = self._process.stdout.fileno()
        size, _ = _HEAD.unpack(_read_exactly(output, _HEAD.size, deadline))
        if size > LIMIT_ANSWER:
            raise EOFError
        answer: dict[str, Any] = json.loads(_read_exactly(output, size, deadline))
        return answer


def _write_all(descriptor: int, data: bytes, deadline: float) -> None:
    view = memoryview(data)
    while view:
        _, ready, _ = select.select([], [descriptor], [], max(0.0, deadline - time.monotonic()))
        if not ready:
            raise TimeoutError
        view = view[os.write(descriptor, view[: 1 << 16]) :]


def _read_exactly(descriptor: int, size: int, deadline: float) -> bytes:
    parts, missing = [], size
    while missing:
        ready, _, _ = select.select([descriptor], [], [], max(0.0, deadline - time.monotonic()))
        if not ready:
            raise TimeoutError
        part = os.read(descriptor, min(missing, 1 << 20))
        if not part:
            raise EOFError
        parts.append(part)
        missing -= len(part)
    return b"".join(parts)


_reader = Reader()


def ask(task: str, name: str, data: bytes, *, seconds: float = LIMIT_SECONDS) -> dict[str, Any]:
    """What ``task`` makes of a file, in the reading process of this process; in the reading process itself, directly.

    Raises:
        UploadError: see ``Reader.ask``.
    """
    return _tasks()[task](name, data) if _inside else _reader.ask(task, name, data, seconds=seconds)


def _tasks() -> dict[str, Task]:
    from . import paper_reading, pdf_files, pdf_text, web_pages

    return {"pdf": pdf_text.task, "pdf_file": pdf_files.task, "page": web_pages.task, "paper": paper_reading.task}


def main() -> None:
    """Answer questions on standard input until it ends."""
    import resource

    global _inside
    _inside = True
    tasks = _tasks()
    resource.setrlimit(resource.RLIMIT_AS, (LIMIT_MEMORY, LIMIT_MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    source, sink = sys.stdin.buffer, sys.stdout.buffer
    while head := source.read(_HEAD.size):
        named, size = _HEAD.unpack(head)
        task, name = json.loads(source.read(named))
        try:
            answer = tasks[task](name, source.read(size))
        except UploadError as error:
            answer = {"error": error.code, "message": error.message}
        except (MemoryError, RecursionError):
            refusal = too_much()
            answer = {"error": refusal.code, "message": refusal.message}
        text = json.dumps(answer).encode()
        sink.write(_HEAD.pack(len(text), 0) + text)
        sink.flush()
