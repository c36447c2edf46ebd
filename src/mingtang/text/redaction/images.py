"""Redaction of pictures: pixels painted over, and the picture coded anew with nothing but pixels in it."""

from __future__ import annotations

import io
import warnings
from collections.abc import Sequence

from PIL import Image, ImageDraw, ImageOps

from ..uploads import UploadError
from .cuts import Box

_QUALITY = 90
# What a picture takes unpacked has to fit into memory several times.
LIMIT_PIXELS = 80_000_000


def opened(data: bytes) -> Image.Image:
    """The first frame, turned the right way up, transparency laid on white, as RGB or grey.

    Raises:
        UploadError: ``malformed`` or ``too_large`` (pixels).
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            picture: Image.Image = Image.open(io.BytesIO(data))
            if picture.width * picture.height > LIMIT_PIXELS:
                raise UploadError("too_large", "图片的像素过多，请缩小后再删减。")
            picture.load()
            picture = ImageOps.exif_transpose(picture)
    except UploadError:
        raise
    except Exception as error:  # whatever a hostile picture does to the library, a person gets one plain answer
        raise UploadError("malformed", "图片已损坏，无法打开。请重新导出后再删减。") from error
    if picture.mode in ("1", "L", "I;16", "I"):
        return picture.convert("L")
    if "A" in picture.getbands() or "transparency" in picture.info:
        # What lies under full transparency is still in the file.
        layered = picture.convert("RGBA")
        ground = Image.new("RGBA", layered.size, (255, 255, 255, 255))
        return Image.alpha_composite(ground, layered).convert("RGB")
    return picture.convert("RGB")


def redact(data: bytes, ending: str, boxes: Sequence[Box | None]) -> bytes:
    """The picture with every box painted black (None: all of it), in the same format.

    Raises:
        UploadError: ``malformed`` or ``too_large``.
    """
    picture = opened(data)
    draw = ImageDraw.Draw(picture)
    for box in boxes:
        left, top, right, bottom = box or (0, 0, picture.width, picture.height)
        draw.rectangle((int(left), int(top), int(right + 0.999), int(bottom + 0.999)), fill=0)
    return coded(picture, ending)


def coded(picture: Image.Image, ending: str) -> bytes:
    bare = Image.frombytes(picture.mode, picture.size, picture.tobytes())
    out = io.BytesIO()
    if ending == "png":
        bare.save(out, "PNG")
    else:
        bare.save(out, "JPEG", quality=_QUALITY)
    return out.getvalue()


def is_black(data: bytes, boxes: Sequence[Box | None]) -> bool:
    """Whether nothing but black is left inside every box; the coding of a JPEG picture leaves traces at the edges."""
    picture = opened(data).convert("L")
    for box in boxes:
        left, top, right, bottom = box or (0, 0, picture.width, picture.height)
        edge = 1 if min(right - left, bottom - top) < 24 else 8
        inner = (
            int(left) + edge,
            int(top) + edge,
            int(min(right, picture.width)) - edge,
            int(min(bottom, picture.height)) - edge,
        )
        if inner[0] < inner[2] and inner[1] < inner[3]:
            darkest = picture.crop(inner).getextrema()
            if not isinstance(darkest[1], float | int) or darkest[1] > 40:
                return False
    return True
