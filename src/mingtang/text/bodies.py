"""The body of a paper as plain text, and back to numbered blocks."""

from .papers import Block, Paper, parse_paper

# The parser expects a title first; a body stands without one.
_TITLE = "关于正文的通知\n"


def body_of(paper: Paper) -> str:
    """The body of a parsed paper, one block a line, without the addressees, which have a field of their own."""
    return "\n".join(block.full for block in paper.blocks if block.kind != "addressee")


def blocks_of(body: str) -> list[Block]:
    """Numbered blocks of a body: chapters, articles, paragraphs, each with an id that links can point to."""
    return parse_paper(_TITLE + body).blocks if body.strip() else []


def public_blocks(body: str) -> list[dict[str, str]]:
    """Blocks of a body as they stand in a public payload."""
    return [
        {"id": block.id, "kind": block.kind, "number": block.number, "title": block.title, "text": block.text}
        for block in blocks_of(body)
    ]
