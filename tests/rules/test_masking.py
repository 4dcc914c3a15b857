"""Names that are not for who reads: found in every form people write them in, and nothing else is touched."""

from __future__ import annotations

import pytest

from campaigns.masking import Mask

MASK = Mask(
    "the client",
    ("Brightwater Home Energy Ltd", "brightwater"),
    people=("Maeve Byrne", "美咲 佐藤", "Cher"),
    mailboxes=("m.byrne@brightwater.example", "bo@gmail.com"),
    known=("Solar offer",),
)


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("Brightwater has it already", "The client has it already"),
        ("known to brightwater-home energy limited, thanks", "known to the client, thanks"),
        ("No room. BRIGHTWATER", "No room. The client"),
        ("from the Brightwater team", "from the client team"),
        ("BrightwaterHomeEnergy", "The client"),
        ("in Bright water and BrightwaterUK", "in the client and the client"),
        ("a “Brightwater’s own” lead", "a “the client’s own” lead"),
        ("Br\u00edght\u200bwater", "The client"),
        ("Ask Maeve Byrne or BYRNE, maeve", "Ask the client or the client"),
        ("佐藤美咲に連絡", "The clientに連絡"),
        ("to sales@brightwater.example.", "to the client."),
        ("(see https://www.brightwater.co.uk/x?y=1)", "(see the client)"),
        ("bo@gmail.com, not al@gmail.com", "The client, not al@gmail.com"),
        ("Brightwater, as agreed; Brightwater Ltd.", "The client, as agreed; the client."),
    ],
)
def test_a_name_is_masked_however_it_is_written(said: str, told: str) -> None:
    assert MASK(said) == told
    assert MASK(told) == told


@pytest.mark.parametrize(
    "said",
    [
        "", "Duplicate Lead", "Home energy, again", "bright white water heater", "Maeve from Leeds", "Byrne",
        "Cher sang", "  two  spaces\tand\nlines ", "ünïcödé 佐藤", "al@example.com", "@ https:// www.",
        "no Solar offer",
    ],
)  # fmt: skip
def test_all_else_stays_to_the_letter(said: str) -> None:
    assert MASK(said) == said


@pytest.mark.parametrize(
    ("name", "said", "told"),
    [
        ("Solar", "Solar says: no solar panels", "The client says: no solar panels"),
        ("solar", "no solar panels, Solar says", "no solar panels, the client says"),
        ("leads", "these leads; LEADS", "these leads; the client"),
        ("Duplicate Media", "Duplicate Lead; duplicate media", "Duplicate Lead; the client"),
        ("Contact", "no contact; Contact said no", "no contact; the client said no"),
        ("IT", "IT has it", "The client has it"),
        ("AO.com Ltd", "ao.com refuses", "The client refuses"),
        ("Müller & Söhne GmbH", "MULLER und Sohne", "The client"),
        ("The Castle", "castle, at Newcastle", "The client, at Newcastle"),
        ("Green Home", "green home; home; green", "The client; home; green"),
        ("東京ソーラー株式会社", "東京ソーラーの顧客", "The clientの顧客"),
        ("(+*[", "(+*[ stays", "(+*[ stays"),
    ],
)
def test_of_a_name_that_is_a_word_only_what_is_written_like_the_name(name: str, said: str, told: str) -> None:
    assert Mask("the client", (name,))(said) == told


def test_a_name_that_its_reader_knows_is_no_secret() -> None:
    known = Mask("the client", ("Brightwater Solar", "bw"), known=("Brightwater roofs",))
    assert (
        known("Brightwater: no; Brightwater Solar: no; BW: no")
        == "Brightwater: no; the client: no; the client: no"
    )


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("Helios Solar Leads sent it to Helios Solar", "Helios Solar Leads sent it to the client"),
        ("HELIOS-SOLAR LEADS GMBH; Helios", "HELIOS-SOLAR LEADS GMBH; the client"),
        ("it@heliossolarleads.example, it@helios-solar.example", "it@heliossolarleads.example, the client"),
    ],
)
def test_its_readers_own_name_is_no_secret_though_another_stands_in_it(said: str, told: str) -> None:
    assert Mask("the client", ("Helios Solar Ltd",), own=("Helios Solar Leads GmbH",))(said) == told


def test_a_long_text_is_read_in_time() -> None:
    said = "the " * 50_000 + "x@" * 50_000 + "Bright" * 20_000
    assert MASK(said) is said
    assert MASK("Brightwater-" * 30_000).count("client") == 30_000
