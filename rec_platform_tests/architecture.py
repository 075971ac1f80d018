"""The parts of docs/architecture.md that come from the code: the asset table and line numbers.

`python -m rec_platform_tests.architecture` writes them, and test_docs.py fails if they are stale.
"""

import re
from pathlib import Path

from rec_platform.definitions import define

PAGE = Path(__file__).parents[1] / "docs" / "architecture.md"
COMMAND = "python -m rec_platform_tests.architecture"
TABLE = re.compile(
    rf"(?<=<!-- assets: written by `{re.escape(COMMAND)}` -->\n).*?(?=<!-- end -->)", re.DOTALL
)
# [`code`](file#L1) or [words](file#L1 "code"): the code is on that line of the file.
LINK = re.compile(
    r'\[(?:`(?P<code>[^`]+)`|[^\]`]+)\]\((?P<file>[^)#\s]+)#L\d+(?: "(?P<title>[^"]+)")?\)'
)


def asset_table() -> str:
    """Each asset with what it reads, in Markdown: group by group, inputs before outputs."""
    graph = define({}).resolve_asset_graph()
    nodes = [graph.get(key) for key in graph.toposorted_asset_keys]
    groups = list(dict.fromkeys(node.group_name for node in nodes))
    rows = ["| group | asset | reads | what it is |", "|---|---|---|---|"]
    for node in sorted(nodes, key=lambda node: groups.index(node.group_name)):
        reads = ", ".join(f"`{parent.to_user_string()}`" for parent in sorted(node.parent_keys))
        first_paragraph = (node.description or "").partition("\n\n")[0].replace("\n", " ")
        name = node.key.to_user_string()
        rows.append(f"| {node.group_name} | `{name}` | {reads} | {first_paragraph} |")
    return "\n".join(rows) + "\n"


def with_line_number(link: re.Match[str]) -> str:
    """A link whose line number is that of the only line that holds its code.

    Raises:
        ValueError: no line of the file holds it, or several do.
    """
    code = link["title"] or link["code"]
    lines = (PAGE.parent / link["file"]).read_text().splitlines()
    numbers = [number for number, line in enumerate(lines, start=1) if code in line]
    if len(numbers) != 1:
        raise ValueError(f"{link['file']} has {code!r} on lines {numbers}, not on one")
    return re.sub(r"#L\d+", f"#L{numbers[0]}", link[0])


def renewed(page: str) -> str:
    """The page with the asset table and the line numbers of the code as it is now."""
    return LINK.sub(with_line_number, TABLE.sub(lambda _: asset_table(), page))


if __name__ == "__main__":
    PAGE.write_text(renewed(PAGE.read_text()))
