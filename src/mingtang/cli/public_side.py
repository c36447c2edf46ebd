"""What keeps the public side up to date, in order: checkpoint, rows of registers, files, search, the note that a page is
visible, citizens' submissions, and what is sent out."""

import logging
import tempfile
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from django.conf import settings

from mingtang.bake import following as bake
from mingtang.bake import state as bake_state
from mingtang.disclosure.checkpoints import BehindPublished, published_keys, sign_checkpoint, signer
from mingtang.disclosure.services import note_shown
from mingtang.editions import projecting
from mingtang.editions.models import LogHead, PublicKind
from mingtang.records.rulebook import rulebook
from mingtang.registers.catalog import kinds
from mingtang.rules import local_day
from mingtang.search import following as search
from mingtang.text.error_words import told
from mingtang.units.selectors import units_in_group

logger = logging.getLogger(__name__)


class Attempts:
    """Work that must not stop other work when it fails. Remembers what it complained of, to say it once."""

    def __init__(self) -> None:
        self.said: dict[str, str] = {}

    def attempt(self, name: str, act: Callable[[], object]) -> bool:
        try:
            act()
        except Exception as error:  # noqa: BLE001 - one part that fails must not stop the others
            words = told(error)
            if self.said.get(name) != words:
                logger.error("%s: %s", name, words)
            self.said[name] = words
            return False
        if self.said.pop(name, None):
            logger.warning("%s: 恢复正常", name)
        return True


class PublicSide(Attempts):
    """Follows the log for one process."""

    def __init__(self) -> None:
        super().__init__()
        self.reached = (-1, -1)
        self.swept = False

    def follow(self, now: datetime, *, thorough: bool) -> None:
        """Bring everything public up to the log. Without ``thorough`` only if the log has grown or a duty has changed."""
        head = LogHead.objects.filter(pk=1).values_list("size", flat=True).first() or 0
        if (head, bake.duty_mark()) == self.reached and not thorough:
            return
        if not self.attempt("checkpoint", lambda: sign_checkpoint(now)):
            # The database may be behind what is public: touch nothing.
            return
        # Before the files: a page that is baked leads to a table that is there.
        rows = self.attempt("rows", lambda: follow_registers(now))
        baked = bake.Baked(-1, -1, 0, False)

        def files() -> None:
            nonlocal baked
            if not self.swept:
                bake.sweep()
                self.swept = True
            baked = bake.follow(now, self._key())

        done = self.attempt("bake", files)
        if done:
            # Opens the duties that begin when a page is visible: they stand on it from the next round on.
            self.attempt("shown", lambda: note_shown(upto=baked.position))
        if self.attempt("search", self._search) and done and rows:
            self.reached = (baked.position, baked.duties)

    def rebuild(self, now: datetime, to: Path | None, as_of: datetime | None) -> int:
        """Bake everything anew. Returns the exit status."""
        try:
            sign_checkpoint(now)
        except BehindPublished as error:
            print(error)
            return 1
        before = bake_state.read(settings.PUBLIC_ROOT)
        project_kinds(now)
        projecting.rebuild()
        moment = as_of or (before.moment if before else now)
        if moment.tzinfo is None:
            print("--as-of 要带时区，例如 2026-11-25T10:00:00+08:00")
            return 2
        if to is not None:
            try:
                baked = bake.rebuild(self._key(), to.resolve(), moment)
            except FileExistsError as error:
                print(error)
                return 2
        else:
            settings.PUBLIC_ROOT.parent.mkdir(parents=True, exist_ok=True)
            fresh = Path(tempfile.mkdtemp(prefix=".public-", dir=settings.PUBLIC_ROOT.parent))
            fresh.chmod(0o755)
            baked = bake.rebuild(self._key(), fresh, moment)
            bake.replace(fresh, settings.PUBLIC_ROOT)
            search.rebuild()
        print(f"已生成：日志{baked.position}条，{baked.publications}件公开内容，截至{moment:%Y-%m-%d %H:%M}。")
        return 0

    @staticmethod
    def _key() -> bake.Key:
        return bake.Key(signer(), published_keys())

    @staticmethod
    def _search() -> None:
        while search.follow():
            pass


def follow_registers(now: datetime) -> int:
    """The kinds of registers there are, and the rows of those that are public; returns how many tables were made."""
    project_kinds(now)
    return projecting.follow()


def project_kinds(now: datetime) -> None:
    """Tell the public side which kinds of registers there are and who owes them, so that it can say what is missing."""
    book = rulebook()
    found = []
    for position, kind in enumerate(kinds().values()):
        group = str(kind.complete.get("group") or kind.keepers)
        found.append(
            PublicKind(
                id=kind.id,
                title=kind.title,
                family=kind.family,
                article=kind.article,
                position=position,
                description=kind.description,
                keepers=book.label(kind.keepers),
                owed_by=[unit.pk for unit in units_in_group(group, local_day(now))]
                if group in book.unit_groups
                else [],
                complete=dict(kind.complete),
            )
        )
    projecting.project_kinds(found)
