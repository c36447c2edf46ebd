"""The reading process ends what asks for too much, and reads the next file as if nothing had been."""

import os
import signal

import pytest

from mingtang.text import limited
from mingtang.text.limited import Reader
from mingtang.text.uploads import UploadError

PAGE = "<html><body><p>云滩市教育局关于补助的通知，请各单位照办。</p></body></html>".encode()


def test_one_process_reads_file_after_file_and_tells_refusals() -> None:
    reader = Reader()
    try:
        assert "补助" in reader.ask("page", "a.html", PAGE)["text"]
        first = reader._process
        with pytest.raises(UploadError) as raised:
            reader.ask("pdf", "a.pdf", b"%PDF-1.7 nothing")
        assert raised.value.code == "malformed"
        assert reader._process is first
    finally:
        reader.close()


def test_a_process_that_dies_or_hangs_is_replaced() -> None:
    reader = Reader()
    try:
        reader.ask("page", "a.html", PAGE)
        assert reader._process is not None
        os.kill(reader._process.pid, signal.SIGSTOP)
        with pytest.raises(UploadError) as raised:
            reader.ask("page", "a.html", PAGE, seconds=0.3)
        assert raised.value.code == "too_much"
        assert "补助" in reader.ask("page", "a.html", PAGE)["text"]
        os.kill(reader._process.pid, signal.SIGKILL)
        reader._process.wait()
        assert "补助" in reader.ask("page", "a.html", PAGE)["text"]
    finally:
        reader.close()


def test_memory_is_bounded() -> None:
    reader = Reader()
    try:
        reader.ask("page", "a.html", PAGE)
        assert reader._process is not None
        with open(f"/proc/{reader._process.pid}/limits") as file:
            (line,) = [line for line in file if line.startswith("Max address space")]
        assert str(limited.LIMIT_MEMORY) in line
    finally:
        reader.close()
