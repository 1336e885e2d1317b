"""Data Docs: the page of Great Expectations about one validation, one file per batch.

A whole site of Great Expectations would take 4 MB and drop the batches before. Pages are kept up to
a number for each suite, and the oldest go first. A page has all that it needs in itself: neither it
nor who reads it asks any other host. Who may read pages is the business of whoever serves them.
"""

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from great_expectations.core import ExpectationSuiteValidationResult
    from great_expectations.render.view.view import DefaultJinjaPageView

PAGES_MAX = 1_000
"""How many pages of a suite are kept: ten days of 96 sweeps each, at 50 to 100 KB a page."""
ROWS_MAX = 200
"""How many failed rows of a rule a page draws on; the dead letters name them all."""
SUFFIX = ".html"
TEMPLATES = Path(__file__).parent / "templates"


def write_page(
    folder: Path, name: str, result: "ExpectationSuiteValidationResult", keys: Sequence[str]
) -> Path:
    """Write the page of a validation into a folder, and drop the oldest beyond PAGES_MAX.

    ``keys`` tell the rows apart, by their places. The result is shortened to what the page shows.
    """
    from great_expectations.render.renderer.page_renderer import ValidationResultsPageRenderer

    for verdict in result.results:
        places = verdict.result.get("unexpected_index_list") or []
        values = verdict.result.get("unexpected_list") or []
        verdict.result["unexpected_index_list"] = [keys[place] for place in places[:ROWS_MAX]]
        verdict.result["unexpected_list"] = values[:ROWS_MAX]
    document = ValidationResultsPageRenderer().render(result)
    content = _view().render(document)  # type: ignore[no-untyped-call]
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}{SUFFIX}"
    # It takes the older page's place at once: somebody may be reading that.
    draft = path.with_suffix(".draft")
    draft.write_text(content, encoding="utf-8")
    draft.replace(path)
    _drop_oldest(folder)
    return path


@cache
def _view() -> "DefaultJinjaPageView":
    """Return the one view of this process: it compiles its templates once, ours before its own."""
    from great_expectations.render.view.view import DefaultJinjaPageView
    from jinja2 import ChoiceLoader, FileSystemLoader  # noqa: PLC0415 - comes with it

    view = DefaultJinjaPageView()
    ours, its = FileSystemLoader(TEMPLATES), view.env.loader
    view.env.loader = ChoiceLoader([ours, its]) if its else ours
    return view


def _drop_oldest(folder: Path) -> None:
    pages = list(folder.glob(f"*{SUFFIX}"))
    if len(pages) > PAGES_MAX:
        written = {page: page.stat().st_mtime_ns for page in pages}
        for page in sorted(pages, key=written.__getitem__)[: len(pages) - PAGES_MAX]:
            page.unlink(missing_ok=True)
