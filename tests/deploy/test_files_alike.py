"""nginx as deploy/ configures it and the embedded default answer alike for every file of the public tree."""

import gzip
import random
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import brotli
import pytest
from tests.deploy.installation import BROTLI, DEPLOY, Answer, Installation

from mingtang.bake.serving import LASTING, SENT_AS_THEY_ARE, TYPES
from mingtang.bake.tree import Tree
from mingtang.text.attachments import MEDIA_TYPES

pytestmark = pytest.mark.xdist_group("deploy")

# Beside what the installation baked: every kind of file, and what must never be served.
ZIP = random.Random(1).randbytes(400_000)
FILES = {
    "pub/extra/files/附件 一.pdf": b"%PDF-1.7 " + b"x" * 5000,
    "pub/extra/files/table.xlsx": b"PK" + b"y" * 900,
    "pub/extra/files/paper.docx": b"PK" + b"z" * 900,
    "pub/extra/files/list.csv": "单位,件数\n".encode() * 50,
    "pub/extra/files/notes.txt": "一行字\n".encode() * 60,
    "pub/extra/files/big.zip": ZIP,
    "pub/extra/files/picture.png": b"\x89PNG" + b"p" * 300,
    "pub/extra/files/photo.jpg": b"\xff\xd8" + b"p" * 300,
    "pub/extra/index.html": "<!doctype html><title>附件</title>".encode() * 20,
    "pub/cleared/gone.html": "<!doctype html><title>已清除</title>".encode() * 20,
    "static/extra/drawing.0123456789ab.svg": b"<svg xmlns='http://www.w3.org/2000/svg'/>" * 10,
    "static/extra/plain.0123456789ab.css": b"body { color: black }\n" * 20,
    "static/extra/plain.0123456789ab.js": b"console.log(1);\n" * 20,
    "static/extra/picture.0123456789ab.png": b"\x89PNG" + b"p" * 300,
    "log/tile/0/000": bytes(8192),
    "log/tile/0/001.p/5": bytes(160),
    "log/tile/entries/000": bytes(900),
    "log/checkpoints/999": b"note\n",
}
HIDDEN = {".draft-1-index.html": b"draft", "pub/extra/.draft-1-index.html": b"draft", ".secret/index.html": b"hidden"}
SECURITY = (
    *("content-security-policy", "x-content-type-options", "referrer-policy", "x-frame-options"),
    "cross-origin-opener-policy",
)
OF_THE_FILE = ("content-type", "cache-control", "content-disposition", "content-encoding", "content-range")


@pytest.fixture(scope="module")
def tree(site: Installation) -> Iterator[Installation]:
    made = Tree(site.public_root)
    for path, data in FILES.items():
        made.write(path, data)
    for path, data in HIDDEN.items():
        place = site.public_root / path
        place.parent.mkdir(exist_ok=True)
        place.write_bytes(data)
    yield site
    for path in FILES:
        made.remove(path)
    for path in HIDDEN:
        (site.public_root / path).unlink()


def paths(root: Path) -> list[str]:
    """One address of each kind that the installation baked."""
    paper = next(folder.name for folder in sorted((root / "pub").iterdir()) if (folder / "proof").is_dir())
    static = next(path for path in (root / "static" / "mingtang").iterdir() if path.suffix == ".css")
    return [
        *("/", "/policies/", "/index.html", "/articles/16/", "/robots.txt", "/sitemap.xml", "/feeds/all.atom"),
        *("/feeds/all.rss", "/feeds/topic/%E7%BB%BC%E5%90%88%E6%94%BF%E5%8A%A1.atom", "/log/checkpoint", "/log/key"),
        *("/manifest/index", f"/static/mingtang/{static.name}", f"/pub/{paper}/", f"/pub/{paper}/record.json"),
        *(f"/pub/{paper}/proof.json", f"/pub/{paper}/proof/", f"/pub/{paper}/?from=search"),
    ]


def both(site: Installation, path: str, method: str = "GET", **headers: str) -> tuple[Answer, Answer]:
    """The answers of nginx and of the embedded layer, which must say the same of the file."""
    ours, nginx = site.get("public", path, method, **headers), site.get("nginx", path, method, **headers)
    assert nginx.status == ours.status, (path, method, headers)
    names = [*SECURITY, "location", "cache-control"]
    if ours.status in (200, 206):
        names += [*OF_THE_FILE, "last-modified"]
    # nginx cuts no pieces out of a compressed file, and does not offer to; the layer then sends pieces of the plain one.
    if ours.status == 200 and not nginx["content-encoding"]:
        names.append("accept-ranges")
    assert {name: nginx[name] for name in names} == {name: ours[name] for name in names}, (path, headers)
    assert ("accept-encoding" in (nginx["vary"] or "").lower()) >= bool(nginx["content-encoding"]), path
    return ours, nginx


def text_of(answer: Answer) -> bytes:
    unpack: dict[str | None, Any] = {"gzip": gzip.decompress, "br": brotli.decompress}
    return bytes(unpack.get(answer["content-encoding"], bytes)(answer.body))


def test_every_kind_of_file(tree: Installation) -> None:
    encodings = ["", "gzip", "gzip, deflate", "gzip;q=0", *(["br", "gzip, deflate, br"] if BROTLI.exists() else [])]
    extra = [f"/{quote(path)}" for path in FILES if not path.endswith("gone.html")]
    asked = [*paths(tree.public_root), *extra]
    packed = 0
    for path in asked:
        texts = set()
        for encoding in encodings:
            ours, nginx = both(tree, path, Accept_Encoding=encoding)
            assert nginx.status == 200, path
            texts |= {text_of(ours), text_of(nginx)}
            packed += bool(nginx["content-encoding"])
        assert len(texts) == 1, path
        ours, nginx = both(tree, path, "HEAD")
        assert ours.body == nginx.body == b""
    assert packed > 40


def test_security_headers_are_those_of_the_settings(tree: Installation, settings: Any) -> None:
    answer = tree.get("nginx", "/")
    assert {name: answer[name] for name in settings.PUBLIC_HEADERS} == settings.PUBLIC_HEADERS
    # Also on what nginx says by itself, and never twice on what the application says.
    assert {
        name: tree.get("nginx", "/.git/config")[name] for name in settings.PUBLIC_HEADERS
    } == settings.PUBLIC_HEADERS
    proxied = tree.get("nginx", "/nowhere/")
    assert proxied["x-frame-options"] == "DENY" and proxied["content-security-policy"].count("default-src") == 1


def test_types_in_the_configuration_are_those_of_the_layer() -> None:
    text = (DEPLOY / "nginx" / "mingtang.conf.template").read_text(encoding="utf-8")
    block = re.search(r"types \{\n(.*?)\n    \}", text, re.S)
    assert block is not None
    lines = [re.match(r'\s*"?([^"]+?)"?\s+([a-z ]+);$', line) for line in block[1].splitlines()]
    named = {f".{ending}": line[1] for line in lines if line for ending in line[2].split()}
    assert named == {**TYPES, **SENT_AS_THEY_ARE}
    # Whatever an office may attach is among them.
    assert {f".{ending}": media for ending, media in MEDIA_TYPES.items()}.items() <= named.items()


def test_how_long_a_browser_may_keep_a_file(tree: Installation) -> None:
    for path in ("/static/extra/plain.0123456789ab.css", "/log/tile/0/000", "/log/tile/entries/000"):
        assert tree.get("nginx", path)["cache-control"] == "public, max-age=31536000, immutable"
    for path in ("/", "/log/checkpoint", "/log/tile/0/001.p/5", "/manifest/index", "/pub/extra/"):
        assert tree.get("nginx", path)["cache-control"] == "no-cache"
    assert all(tree.get("nginx", f"/{path}nothing")["cache-control"] in (None, "no-cache") for path in LASTING)


def test_conditional_requests(tree: Installation) -> None:
    for path in ("/", "/pub/extra/files/big.zip", "/log/checkpoint"):
        for name in ("public", "nginx"):
            for encoding in ("", "gzip"):
                first = tree.get(name, path, Accept_Encoding=encoding)
                tag, since = first["etag"], first["last-modified"]
                assert tag and since
                again = tree.get(name, path, Accept_Encoding=encoding, If_None_Match=f'"other", {tag}')
                assert (again.status, again.body, again["etag"]) == (304, b"", tag), (name, path)
                assert again["cache-control"] == first["cache-control"]
                assert tree.get(name, path, If_None_Match='"other"').status == 200
        modified = tree.get("nginx", path)["last-modified"]
        assert modified
        assert both(tree, path, If_Modified_Since=modified)[0].status == 304
        assert both(tree, path, If_Modified_Since="Fri, 31 Dec 2100 00:00:00 GMT")[0].status == 304
        assert both(tree, path, If_Modified_Since="Sun, 01 Jan 2017 00:00:00 GMT")[0].status == 200
        assert both(tree, path, If_Modified_Since="not a date")[0].status == 200
        assert both(tree, path, If_None_Match="*")[0].status == 304


def test_ranges(tree: Installation) -> None:
    path, size = "/pub/extra/files/big.zip", len(ZIP)
    for asked, expected in (
        ("bytes=0-0", ZIP[:1]),
        ("bytes=100-299", ZIP[100:300]),
        (f"bytes={size - 1}-", ZIP[-1:]),
        ("bytes=-5", ZIP[-5:]),
        (f"bytes=-{size * 2}", ZIP),
        (f"bytes=10-{size * 2}", ZIP[10:]),
    ):
        ours, nginx = both(tree, path, Range=asked)
        assert ours.status == 206 and ours.body == nginx.body == expected, asked
    for asked in (f"bytes={size}-", f"bytes={size}-{size + 9}", "bytes=-0"):
        ours, nginx = tree.get("public", path, Range=asked), tree.get("nginx", path, Range=asked)
        assert (ours.status, nginx.status) == (416, 416), asked
        assert ours["content-range"] == nginx["content-range"] == f"bytes */{size}"
    # Several ranges and other units: the whole, so that nobody makes us send a file a thousand times over.
    for asked in ("bytes=0-1,5-6", "lines=1-2", f"bytes={'0-,' * 500}0-"):
        ours, nginx = both(tree, path, Range=asked)
        assert ours.status == 200 and ours.body == nginx.body == ZIP, asked
    tag = tree.get("nginx", path)["etag"]
    assert tag and tree.get("nginx", path, Range="bytes=0-9", If_Range=tag).status == 206
    assert both(tree, path, Range="bytes=0-9", If_Range='"other"')[0].status == 200


def test_what_is_gone_says_so(tree: Installation) -> None:
    for path in ("/pub/cleared/", "/pub/cleared/index.html"):
        ours, nginx = both(tree, path)
        assert nginx.status == 410 and ours.body == nginx.body and "已清除" in nginx.body.decode()
    assert tree.get("nginx", "/pub/cleared").status == 410
    assert tree.get("nginx", "/pub/cleared/", Accept_Encoding="gzip")["content-encoding"] == "gzip"


def test_a_folder_without_its_slash_is_redirected(tree: Installation) -> None:
    for path, place in (("/policies", "/policies/"), ("/articles/16?x=1", "/articles/16/?x=1")):
        ours, nginx = tree.get("public", path), tree.get("nginx", path)
        assert (nginx.status, nginx["location"]) == (ours.status, ours["location"]) == (301, place)
    for path in ("/pub/extra%0d%0aSet-Cookie:%20x", "/policies%0d%0ax:y"):
        answer = tree.get("nginx", path)
        assert answer.status in (301, 404) and answer["set-cookie"] is None and answer["x"] is None
        assert (answer["location"] or "").lower() in ("", f"{path}/".lower())


SECRET_PATHS = [
    *(
        "/../home/secrets/log_key",
        "/policies/../../secrets/log_key",
        "/%2e%2e/secrets/log_key",
        "/..%2fsecrets/log_key",
    ),
    *("/%2e%2e%2fsecrets%2flog_key", "/.%2e/secrets/log_key", "/policies/%2e%2e/%2e%2e/secrets/log_key"),
    *("/%252e%252e/secrets/log_key", "/..%5csecrets%5clog_key", "/..\\secrets\\log_key", "/policies%5c..%5cindex.html"),
    *("/%c0%ae%c0%ae/secrets/log_key", "/%e0%80%ae%e0%80%ae/secrets/log_key", "/%c0%af..%c0%afsecrets", "/%ff%fe"),
    *("/index.html%00", "/index.html%00.txt", "/%00", "//etc/passwd", "//policies/", "/policies//", "/%2fpolicies/"),
    *("/.draft-1-index.html", "/%2edraft-1-index.html", "/pub/extra/.draft-1-index.html", "/.secret/", "/.git/config"),
    *("/policies/./", "/./policies/", "/policies/../", "/policies/..", "/policies/.", "/policies/%2e/"),
    *("/index.html.gz", "/index.html.br", "/policies/index.html.gz", "/index.html%2egz", "/index.html.%67z"),
    *("/log", "/pub/", "/static/", "/static", "/log/tile/0/", "/index.html/", "/index.html/x", "/robots.txt/"),
    *("/pub/extra/files/", "/public.state.json", "/secrets/log_key", "/mingtang.sqlite3", "/errors/../index.html"),
    *("/static/..%2f..%2fsecrets%2flog_key", "/pub/extra/files/..%2f..%2f..%2f..%2fsecrets%2flog_key", "/desk/"),
    *("/accounts/login/", "/%64esk/", "/desk", "/static../secrets/log_key", "/errors../mingtang.conf.template"),
    "/" + "a" * 5000,
    "/" + "%e6%94%bf" * 200 + "/",
]


@pytest.mark.parametrize("name", ["public", "nginx"])
def test_nothing_but_the_tree_is_served(tree: Installation, name: str) -> None:
    for path in SECRET_PATHS:
        for method in ("GET", "HEAD"):
            answer = tree.get(name, path, method, Accept_Encoding="gzip")
            assert answer.status in (400, 404), (path, answer.status)
            assert answer["content-encoding"] is None


def test_an_encoded_slash_is_a_slash_in_both(tree: Installation) -> None:
    for path in ("/policies%2f", "/articles%2F16%2F", "/%70olicies/"):
        ours, nginx = both(tree, path)
        assert ours.status == 200 and ours.body == nginx.body


def test_only_reading(tree: Installation) -> None:
    before = (tree.public_root / "index.html").read_bytes()
    for method in ("POST", "PUT", "DELETE", "PATCH"):
        for name in ("public", "nginx"):
            assert tree.get(name, "/", method, body=b"x").status in (403, 405), (name, method)
    for method in ("TRACE", "CONNECT", "PROPFIND", "MKCOL", "MOVE"):
        assert tree.get("nginx", "/", method).status in (400, 405), method
    assert (tree.public_root / "index.html").read_bytes() == before
