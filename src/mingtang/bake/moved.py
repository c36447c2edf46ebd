"""Where addresses of an old site lead now: one small file in the tree for each, named by the old address's hash.

``moved/<hash>.txt`` holds the new address; whoever answers a request for what is nowhere looks there first
(``portal.views.not_found``). Beside a publication lies ``old-address.txt`` with the name of its file, so that the file
goes when the publication's content does.
"""

import json

from mingtang.editions.models import ERASED, Edition
from mingtang.text.old_addresses import place_of

from .manifest import NO_EDITION, Changes
from .tree import Tree

NAME = "old-address.txt"


def lead_on(tree: Tree, folder: str, live: Edition) -> Changes:
    """Write, change or take away the way from an old address to the publication in ``folder``."""
    address = "" if live.state == ERASED or '"old_address"' not in live.payload else _address(live.payload)
    place = place_of(address)
    changes: Changes = dict.fromkeys(forget(tree, folder, but=place))
    if place:
        changes[place] = (tree.write(place, f"/{folder}/\n".encode()), NO_EDITION)
        name = f"{folder}/{NAME}"
        changes[name] = (tree.write(name, f"{place}\n".encode()), NO_EDITION)
    return changes


def forget(tree: Tree, folder: str, but: str = "") -> list[str]:
    """Take away the way that led to ``folder``, unless it is ``but``; gives the paths that went."""
    known = tree.read(f"{folder}/{NAME}")
    place = known.decode().strip() if known else ""
    if not place or place == but or tree.read(place) != f"/{folder}/\n".encode():
        return []
    tree.remove(place)
    return [place]


def _address(payload: str) -> str:
    return str(json.loads(payload).get("old_address", ""))
