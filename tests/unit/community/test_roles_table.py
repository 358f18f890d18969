"""The permission matrix in the documents is that of the code."""

from __future__ import annotations

from pathlib import Path

from oarlock.community.accounts.models import STAFF_ROLES, Role
from oarlock.community.roles import MATRIX

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "roles.md"
ORDER = [role for role in Role if role in STAFF_ROLES]


def table() -> list[str]:
    """Return the matrix as rows of a Markdown table."""
    head = "| permission | " + " | ".join(role.value for role in ORDER) + " |"
    rule = "|---|" + "---|" * len(ORDER)
    rows = [
        f"| `{name}` | " + " | ".join("yes" if r in held else "–" for r in ORDER) + " |"
        for name, held in MATRIX.items()
    ]
    return [head, rule, *rows]


def test_documented_matrix_is_that_of_the_code() -> None:
    page = PAGE.read_text("utf-8").splitlines()
    shown = [line for line in page if line.startswith(("| permission", "|---|-", "| `"))]
    assert shown[: len(table())] == table(), "put this into docs/reference/roles.md:\n" + "\n".join(
        table()
    )


def test_every_permission_is_explained() -> None:
    page = PAGE.read_text("utf-8")
    assert [name for name in MATRIX if f"**{name}**" not in page] == []
