"""Plain text tables for the terminal. What stands in them belongs to whoever prints."""

from collections.abc import Sequence

GAP = "  "


def text_table(headers: Sequence[str], rows: Sequence[Sequence[str]], *, right: str = "") -> str:
    """Return an aligned table; ``right`` holds an ``r`` at the place of each right-aligned column.

    Lines carry no trailing blanks.
    """
    columns = list(zip(headers, *rows, strict=True))
    widths = [max(len(cell) for cell in column) for column in columns]
    rights = [right[place : place + 1] == "r" for place in range(len(headers))]

    def line(cells: Sequence[str]) -> str:
        aligned = [
            cell.rjust(width) if is_right else cell.ljust(width)
            for cell, width, is_right in zip(cells, widths, rights, strict=True)
        ]
        return GAP.join(aligned).rstrip()

    rule = GAP.join("-" * width for width in widths)
    return "\n".join([line(headers), rule, *(line(row) for row in rows)])
