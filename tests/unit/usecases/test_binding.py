"""Who is whom, as people say it: link, unlink, part, rejoin, over two ledgers in memory."""

import pytest

from tieout.domain.in_step.crosswalk import RecordName
from tieout.domain.ledger import NewBinding
from tieout.errors import ConfigurationError, RejectedError
from tieout.stack import binding_files
from tieout.usecases.in_step.binding import Bindings
from tieout.usecases.in_step.entities import CUSTOMERS
from tieout.usecases.in_step.importing import bring_in, exported
from two_ledgers import PAIR, SAGE100, XERO, Crash, TwoLedgers


class Town(TwoLedgers):
    """Two ledgers, and who says who is whom in them."""

    def __init__(self) -> None:
        super().__init__()
        self.bindings = Bindings(self.flow, CUSTOMERS)

    def two(self, name: str = "David Smith", other: str = "") -> tuple[RecordName, RecordName]:
        """Let both ledgers have a record of one e-mail; a telephone has Sage 100's alone."""
        email = f"{name.split(maxsplit=1)[0].lower()}@smith.com"
        contact = self.add_contact(name, EmailAddress=email)
        said = {"EmailAddress": email, "TelephoneNo": "503 555 0100"}
        customer = self.add_customer(other or name, **said)
        return (
            RecordName(system=XERO, external_id=contact),
            RecordName(system=SAGE100, external_id=customer),
        )

    def replay(self, letters) -> None:
        for one in letters:
            self.ledger.replay(one.dead_letter_id)


@pytest.fixture
def town() -> Town:
    return Town()


def causes(town) -> list[str]:
    return [letter.cause for letter in town.ledger.dead_letters(PAIR.pair)]


def refusal(call, *arguments, **options) -> RejectedError:
    with pytest.raises(RejectedError) as refused:
        call(*arguments, **options)
    return refused.value


def test_what_was_set_aside_as_a_possible_duplicate_is_linked_and_goes_on(town):
    one, other = town.two(other="Dave Smith")
    town.settle()
    assert causes(town) == ["possible_duplicate", "possible_duplicate"]

    said = town.bindings.link(one, other, why="the same phone")
    assert len(said.replayable) == 2
    town.replay(said.replayable)
    town.settle()

    assert causes(town) == []
    kinds = {kind for kind, _ in town.xero.writes + town.sage100.writes}
    assert kinds == {"contact_update"}
    (conflict,) = town.ledger.conflicts(PAIR.pair)
    assert conflict.field == "name"
    kept = town.bindings.kept(limit=9)
    assert {one.provenance for one in kept} == {"linked (the same phone)"}


def test_what_nothing_waits_for_is_looked_at_by_the_next_run(town):
    one, other = town.two()
    town.xero.news = town.sage100.news = []

    town.bindings.link(one, other)

    assert town.sync() == 1
    assert town.xero.nodes[one.external_id]["Phones"][0]["PhoneNumber"] == "503 555 0100"


def test_the_same_link_again_changes_nothing(town):
    one, other = town.two()
    first = town.bindings.link(one, other)

    again = town.bindings.link(other, one)

    assert (first.is_new, again.is_new, again.key) == (True, False, first.key)
    assert len(town.bindings.kept(with_ended=True, limit=9)) == 2


def test_a_link_takes_over_the_key_that_one_of_the_two_has(town):
    one, other = town.two()
    town.ledger.bind(
        NewBinding(
            pair=PAIR.pair,
            entity="customer",
            key="SHOP-1",
            system=XERO,
            external_id=one.external_id,
            external_no="",
            provenance="created",
        )
    )

    assert town.bindings.link(one, other).key == "SHOP-1"


def test_a_record_that_there_is_not_is_refused(town):
    one, other = town.two()
    nobody = RecordName(system=SAGE100, external_id="00-NOBODY")

    assert "has no customer '00-NOBODY'" in refusal(town.bindings.link, one, nobody).message
    assert "has no customer '00-NOBODY'" in refusal(town.bindings.part, nobody, one).message
    assert "are of one ledger" in refusal(town.bindings.link, other, other).message


def test_what_is_bound_otherwise_is_refused_with_the_way_out(town):
    one, other = town.two()
    town.bindings.link(one, other)
    third, fourth = town.two("Other")

    refused = refusal(town.bindings.link, third, other)
    assert f"{other} is bound to {one} already" in refused.message
    assert f"tieout bindings unlink customer {other} --pair {PAIR.pair}" in refused.remedy

    town.bindings.link(third, fourth)
    assert "Both are bound already" in refusal(town.bindings.link, one, fourth).message
    town.bindings.unlink(other, why="wrong")
    town.bindings.unlink(third, why="wrong")
    town.bindings.link(third, other)


def test_the_house_account_is_left_to_people(town):
    one, other = town.two()
    town.ledger.bind(
        NewBinding(
            pair=PAIR.pair,
            entity="customer",
            key="GUEST",
            system=SAGE100,
            external_id=other.external_id,
            external_no="",
            provenance="test",
        )
    )

    assert "house account" in refusal(town.bindings.link, one, other).message
    assert "house account" in refusal(town.bindings.unlink, other, why="").message


def test_what_was_unlinked_is_compared_as_at_first_sight_when_it_is_linked_anew(town):
    one, other = town.two()
    town.bindings.link(one, other)
    town.settle()
    new = RecordName(system=XERO, external_id=town.add_contact("Smith & Sons"))

    said = town.bindings.unlink(one, why="it is the sons'")
    assert said.ended == (one,)
    assert town.bindings.link(new, other).key == said.key
    town.settle()

    assert town.sage100.nodes[other.external_id]["CustomerName"] == "David Smith"
    assert [conflict.field for conflict in town.ledger.conflicts(PAIR.pair)] == ["name"]
    ended = [kept for kept in town.bindings.kept(with_ended=True, limit=9) if kept.ended_at]
    assert {kept.ended_why for kept in ended} == {"it is the sons'"}


def test_unlinked_records_do_not_find_back_to_each_other(town):
    """Whatever the key was made of: its other half must not be taken for the record's again."""
    one, other = town.two()
    town.bindings.link(one, other)
    town.settle()

    assert set(town.bindings.unlink(other, why="wrong").ended) == {one, other}
    town.bindings.part(one, other)
    town.edit(SAGE100, other.external_id, EmailAddress="new@smith.com")
    town.settle()

    assert town.xero.nodes[one.external_id]["EmailAddress"] != "new@smith.com"


def test_nothing_is_unlinked_while_a_write_of_it_is_under_way(town):
    one, other = town.two()
    town.bindings.link(one, other)
    town.settle()
    town.edit(SAGE100, other.external_id, EmailAddress="new@smith.com")
    town.xero.crash_in = 0
    with pytest.raises(Crash):
        town.sync()

    assert "under way" in refusal(town.bindings.unlink, other, why="wrong").message
    town.settle()
    assert town.bindings.unlink(other, why="wrong").ended


def test_what_is_bound_to_nothing_cannot_be_unlinked(town):
    one, _other = town.two()

    assert "bound to nothing" in refusal(town.bindings.unlink, one, why="").message


def test_two_that_are_parted_go_each_its_own_way(town):
    one, other = town.two()
    town.settle()

    said = town.bindings.part(one, other, why="father and son")
    assert said.is_new
    town.replay(said.replayable)
    town.settle()

    # Of one name there is one contact in Xero: that is the target's no, and no guess of ours.
    assert "possible_duplicate" not in causes(town)
    assert "tieout bindings rejoin" in refusal(town.bindings.link, one, other).remedy
    town.bindings.rejoin(other, one)
    (word,) = town.bindings.parted(with_ended=True)
    assert (word.why, word.ended_by) == ("father and son", "fake")
    assert "Nobody says" in refusal(town.bindings.rejoin, one, other).message


def test_two_that_are_bound_to_each_other_are_not_parted(town):
    one, other = town.two()
    town.bindings.link(one, other)

    refused = refusal(town.bindings.part, one, other)

    assert "are bound to each other" in refused.message
    assert "tieout bindings unlink" in refused.remedy


def test_two_of_one_ledger_can_be_parted(town):
    one, _ = town.two()
    second = RecordName(system=XERO, external_id=town.add_contact("Jon Smith"))

    assert town.bindings.part(one, second).is_new
    assert not town.bindings.part(second, one).is_new


@pytest.mark.parametrize("said", ["", "xero", "xero:", "ebay:1", "00-ACME"])
def test_what_names_no_record_is_refused(said):
    with pytest.raises(ConfigurationError):
        RecordName.read(said)


def test_a_record_is_written_as_it_is_read():
    guid = "5C0E2E3B-0000-4000-8000-00000000000A"

    assert str(RecordName.read(f" Xero: {guid}")) == f"xero:{guid.lower()}"
    assert str(RecordName.read("sage100:00-ACME:1")) == "sage100:00-ACME:1"


def test_a_buyer_who_is_linked_to_a_record_in_step_goes_by_it_in_both_ledgers(town):
    one, other = town.two()
    town.bindings.link(one, other)
    buyer = RecordName.read("shopify:1")

    assert town.bindings.link(buyer, other).is_new
    assert not town.bindings.link(buyer, other).is_new

    for record in (one, other):
        bound = town.ledger.bindings(PAIR.pair, "customer", ["SHOP-1"], record.system)
        assert bound["SHOP-1"].external_id == record.external_id
    assert "SHOP-1" not in {kept.key for kept in town.bindings.kept(limit=9)}


def test_a_buyer_is_linked_to_a_record_that_is_bound_to_nothing(town):
    one, other = town.two()
    buyer = RecordName.read("shopify:SHOP-1")

    assert town.bindings.link(other, buyer).key == "SHOP-1"
    assert not town.bindings.link(buyer, other).is_new
    second = RecordName(system=SAGE100, external_id=town.add_customer("Other"))
    assert f"{buyer} is bound to {other}" in refusal(town.bindings.link, buyer, second).message
    assert (
        "as SHOP-1" in refusal(town.bindings.link, RecordName.read("shopify:SHOP-2"), other).message
    )
    assert town.bindings.part(buyer, one).is_new
    assert "tieout bindings rejoin" in refusal(town.bindings.link, buyer, one).remedy


def test_what_is_exported_is_brought_into_another_ledger_and_again_changes_nothing(town, tmp_path):
    one, other = town.two()
    key = town.bindings.link(one, other, why="=1+1").key
    third, fourth = town.two("Other Smith")
    town.bindings.part(third, fourth, why="cousins")
    path = tmp_path / "bindings.csv"
    binding_files.write(path, PAIR.pair, "customer", exported(town.bindings))
    fresh = Town()
    fresh.xero.nodes, fresh.sage100.nodes = town.xero.nodes, town.sage100.nodes
    fresh.xero.changed, fresh.sage100.changed = town.xero.changed, town.sage100.changed
    rows, faults = binding_files.read(path, PAIR.pair, "customer")
    assert faults == []

    dry = bring_in(fresh.bindings, rows, is_dry=True, only_good=False)
    assert (dry.bound, dry.parted, dry.is_kept) == (1, 1, False)
    assert fresh.bindings.kept(limit=9) == []
    bring_in(fresh.bindings, rows, is_dry=False, only_good=False)
    again = bring_in(fresh.bindings, rows, is_dry=False, only_good=False)

    assert (again.bound, again.bound_before, again.faults) == (0, 1, ())
    assert {kept.key for kept in fresh.bindings.kept(limit=9)} == {key}
    assert len(fresh.bindings.kept(limit=9)) == 2
    assert fresh.bindings.kept(limit=9)[0].provenance.startswith("imported: linked (=1+1), said by")
    assert [word.why for word in fresh.bindings.parted()] == ["cousins"]


@pytest.mark.parametrize("only_good", [False, True])
def test_bad_rows_are_named_and_the_good_ones_kept_when_that_is_asked_for(
    town, tmp_path, only_good
):
    one, other = town.two()
    third, fourth = town.two("Other Smith")
    path = tmp_path / "bindings.csv"
    lines = [
        "is,one,other",
        f"same,{one},{other}",
        f"same,{third},sage100:00-NOBODY",
        f"same,{third},{other}",
        f"maybe,{third},{fourth}",
        f"same,{third},",
    ]
    path.write_text("\n".join(lines), "utf-8")
    rows, unread = binding_files.read(path, PAIR.pair, "customer")

    imported = bring_in(town.bindings, rows, is_dry=False, only_good=only_good)

    assert unread == ["row 5: is says 'maybe'; it is same or other."]
    said = " ".join(imported.faults)
    assert "row 3: sage100 has no '00-NOBODY'" in said
    assert f"row 4: {other} is in row 2 already" in said
    assert "row 6" in said
    assert len(imported.faults) == 3
    assert (len(town.bindings.kept(limit=9)), imported.is_kept) == (2 * only_good, only_good)
