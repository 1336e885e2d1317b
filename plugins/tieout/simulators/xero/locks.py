"""Lock dates: no document may be dated, or changed, on or before them."""

from datetime import date

from tieout.simulators.xero.store import Books


def lock_problems(books: Books, *days: date | None) -> list[str]:
    """Return the vendor's message when one of the days is locked, else nothing."""
    organisation = books.organisation()
    locks = (
        ("period lock date", organisation.period_lock_date),
        ("end of year lock date", organisation.end_of_year_lock_date),
    )
    return [
        f"The document date cannot be before the {name}, currently set at {lock:%d-%b-%Y}"
        for name, lock in locks
        if lock is not None and any(day is not None and day <= lock for day in days)
    ]
