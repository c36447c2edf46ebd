"""What a file is refused with."""

from __future__ import annotations


class UploadError(Exception):
    """A file that cannot be taken. ``code`` is stable; ``message`` says in Chinese what is wrong and what to do."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
