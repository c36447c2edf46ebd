"""Pictures as they may be published: pixels and colour profile, without place, camera, author or anything behind them."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator

from .passages import Passage
from .uploads import UploadError

_PNG = b"\x89PNG\r\n\x1a\n"
_PNG_KEPT = {
    *(b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"cHRM", b"gAMA", b"iCCP", b"sBIT", b"sRGB", b"cICP", b"bKGD"),
    *(b"pHYs", b"hIST", b"sPLT"),
}
_PNG_TEXTS = {b"tEXt", b"zTXt", b"iTXt"}
LIMIT_PIXELS = 200_000_000
_LIMIT_TEXT = 1024 * 1024
_HARMFUL = (
    b"PK\x03\x04",
    b"PK\x05\x06",
    b"%PDF-",
    b"MZ\x90",
    b"\x7fELF",
    b"Rar!",
    b"7z\xbc\xaf",
    b"<script",
    b"<html",
    b"<?php",
)
_ORIENTATION = 0x0112
_SCAN, _END, _START_OF_FRAME = (
    0xDA,
    0xD9,
    {0xC0, 0xC1, 0xC2, 0xC3, 0xC5, 0xC6, 0xC7, 0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF},
)
# Markers that stand alone: restart marks and the padding before a marker.
_ALONE = {0x01, *range(0xD0, 0xD8)}

Cleaned = tuple[bytes, list[Passage], list[str]]


def read(data: bytes, ending: str) -> Cleaned:
    """The picture without metadata, the texts that stood in its metadata, and what a reviewer should know.

    Raises:
        UploadError: ``malformed``, ``polyglot`` (something else hangs behind the picture) or ``too_large`` (pixels).
    """
    try:
        content, texts = _read_png(data) if ending == "png" else _read_jpeg(data)
    except (struct.error, IndexError, zlib.error, ValueError) as error:
        raise _malformed() from error
    passages = [Passage("图片属性", text, visible=False) for text in texts if text.strip()]
    return content, passages, ["图片里的文字不能自动检查，请打开看一看有没有个人信息。"]


def _malformed() -> UploadError:
    return UploadError("malformed", "图片已损坏，无法打开。请重新导出后上传。")


def _refuse_tail(tail: bytes) -> None:
    """Some cameras write a second picture behind the first, which is cut off; anything that could run is refused."""
    if any(mark in tail for mark in _HARMFUL):
        raise UploadError("polyglot", "图片后面藏着别的文件，可能有害，不能上传。请用画图软件重新保存后再试。")


def _check_pixels(width: int, height: int) -> None:
    if not width or not height:
        raise _malformed()
    if width * height > LIMIT_PIXELS:
        raise UploadError("too_large", "图片的像素过多，请缩小后再上传。")


def _read_png(data: bytes) -> tuple[bytes, list[str]]:
    kept, texts, place, ended = [_PNG], [], len(_PNG), False
    while not ended:
        length, kind = struct.unpack(">I4s", data[place : place + 8])
        chunk, body = data[place : place + 12 + length], data[place + 8 : place + 8 + length]
        if len(chunk) != 12 + length or zlib.crc32(kind + body) != struct.unpack(">I", chunk[-4:])[0]:
            raise _malformed()
        if len(kept) == 1:
            if kind != b"IHDR":
                raise _malformed()
            _check_pixels(*struct.unpack(">II", body[:8]))
        if kind in _PNG_KEPT:
            kept.append(chunk)
        elif kind in _PNG_TEXTS:
            texts.append(_png_text(kind, body))
        elif not kind[0] & 0x20:
            raise _malformed()  # a critical chunk nobody knows
        place += len(chunk)
        ended = kind == b"IEND"
    _refuse_tail(data[place:])
    return b"".join(kept), texts


def _png_text(kind: bytes, body: bytes) -> str:
    keyword, _, rest = body.partition(b"\x00")
    if kind == b"zTXt":
        rest = zlib.decompressobj().decompress(rest[1:], _LIMIT_TEXT)
    elif kind == b"iTXt":
        packed, rest = rest[:1] == b"\x01", rest[2:].split(b"\x00", 2)[-1]
        rest = zlib.decompressobj().decompress(rest, _LIMIT_TEXT) if packed else rest
    encoding = "utf-8" if kind == b"iTXt" else "latin-1"
    return f"{keyword.decode('latin-1')}: {rest.decode(encoding, 'replace')}"


def _read_jpeg(data: bytes) -> tuple[bytes, list[str]]:
    kept, texts, orientation = [b"\xff\xd8"], [], 1
    place = 2
    for marker, segment, end in _segments(data):
        place = end
        body = segment[4:]
        if marker in _START_OF_FRAME:
            height, width = struct.unpack(">HH", body[1:5])
            _check_pixels(width, height)
        if marker == 0xE1 and body.startswith(b"Exif\x00\x00"):
            orientation = _orientation(body[6:])
        if marker == 0xFE or marker in (0xE1, 0xED):
            texts.append(_readable(body))
        elif 0xE0 <= marker <= 0xEF and not (
            (marker == 0xE0 and body.startswith(b"JFIF"))
            or (marker == 0xE2 and body.startswith(b"ICC_PROFILE"))
            or (marker == 0xEE and body.startswith(b"Adobe"))
        ):
            continue
        else:
            kept.append(segment)
    _refuse_tail(data[place:])
    if orientation != 1:
        kept.insert(1, _orientation_alone(orientation))
    return b"".join(kept), texts


def _segments(data: bytes) -> Iterator[tuple[int, bytes, int]]:
    """Marker, bytes and end of each segment up to the end of the picture; a scan comes with its coded data."""
    place, framed = 2, False
    while True:
        if data[place] != 0xFF:
            raise _malformed()
        while data[place + 1] == 0xFF:
            place += 1
        marker = data[place + 1]
        if marker == _END:
            if not framed:
                raise _malformed()
            yield marker, data[place : place + 2], place + 2
            return
        if marker in _ALONE:
            place += 2
            continue
        (length,) = struct.unpack(">H", data[place + 2 : place + 4])
        end = place + 2 + length
        if length < 2 or end > len(data):
            raise _malformed()
        framed = framed or marker in _START_OF_FRAME
        if marker == _SCAN:
            end = _end_of_scan(data, end)
        yield marker, data[place:end], end
        place = end


def _end_of_scan(data: bytes, place: int) -> int:
    while True:
        place = data.find(b"\xff", place)
        if place < 0:
            raise _malformed()
        if data[place + 1] not in (0x00, *_ALONE):
            return place
        place += 2


def _orientation(tiff: bytes) -> int:
    """How the camera was held (1 to 8), from the first directory of an Exif block; 1 where it does not say."""
    order = {b"II": "<", b"MM": ">"}.get(tiff[:2])
    if order is None:
        return 1
    try:
        (start,) = struct.unpack(f"{order}I", tiff[4:8])
        (count,) = struct.unpack(f"{order}H", tiff[start : start + 2])
        for number in range(min(count, 500)):
            entry = tiff[start + 2 + 12 * number : start + 14 + 12 * number]
            tag, _kind, _count, value = struct.unpack(f"{order}HHIH", entry[:10])
            if tag == _ORIENTATION:
                return value if 1 <= value <= 8 else 1
    except struct.error:
        pass
    return 1


def _orientation_alone(value: int) -> bytes:
    """An Exif segment that says nothing but which side is up."""
    body = b"Exif\x00\x00MM\x00\x2a\x00\x00\x00\x08" + struct.pack(">HHHIHHI", 1, _ORIENTATION, 3, 1, value, 0, 0)
    return b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body


def _readable(body: bytes) -> str:
    """What of a metadata block can be read as text, as UTF-8 and as UTF-16 (Windows writes its comments so)."""
    plain = body.decode("utf-8", "replace")
    wide = body.decode("utf-16-le", "replace") if b"\x00" in body else ""
    return "".join(character if character.isprintable() else " " for character in f"{plain} {wide}")
