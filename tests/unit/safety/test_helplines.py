"""Helplines by country: complete, honest about who checked them, and refused where damaged."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from typer.testing import CliRunner

from oarlock.cli.safety import app
from oarlock.errors import UserError
from oarlock.safety.helplines import VERIFY_AGAIN_DAYS, helplines

WANTED = (
    *("US", "GB", "IE", "DE", "AT", "CH", "FR", "NL", "ES", "IT"),
    *("SE", "NO", "DK", "FI", "PL", "AU", "NZ", "CA", "IN", "ZA"),
)
TODAY = dt.date(2026, 1, 31)
ONE = """
[countries.US]
name = "United States"
emergency = "911"
[[countries.US.line]]
name = "Line"
phone = "988"
verified_on = "2025-12-01"
[fallback]
name = "Anywhere"
[[fallback.line]]
name = "List"
url = "https://example.org"
"""


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "lines.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_wanted_countries_have_an_emergency_number_and_a_line_for_anybody() -> None:
    book = helplines()
    for code in WANTED:
        country = book.countries[code]
        assert country.emergency
        assert any(line.topic == "any" and (line.phone or line.text) for line in country.lines)


def test_unknown_country_gets_the_fallback_and_known_ones_too() -> None:
    book = helplines()
    for code in (None, "", "XX", "Germany"):
        assert book.of(code) == book.fallback
    assert book.of("de").emergency == "112"
    assert set(book.fallback.lines) <= set(book.of("gb").lines)


def test_no_shipped_line_claims_that_a_person_verified_it() -> None:
    book = helplines()
    n_lines = sum(len(c.lines) for c in (*book.countries.values(), book.fallback))
    assert len(book.due(TODAY)) == n_lines


def test_verified_line_is_due_again_after_a_year(tmp_path: Path) -> None:
    book = helplines(written(tmp_path, ONE))
    assert book.due(TODAY) == [("", "List")]
    late = dt.date(2025, 12, 1) + dt.timedelta(days=VERIFY_AGAIN_DAYS + 1)
    assert ("US", "Line") in book.due(late)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("emergency", "emergancy"), "US: the emergency number is missing"),
        (('phone = "988"', ""), "no way to reach it"),
        (("2025-12-01", "soon"), "verified_on is no date"),
        (("https://", "http://"), "not https"),
        (("countries.US", "countries.usa"), "is no country code"),
        (("[fallback", "[other"), "no .fallback."),
        (("phone", "fone"), "unknown field 'fone'"),
    ],
)
def test_fault_names_country_and_field(tmp_path: Path, change: tuple[str, str], said: str) -> None:
    with pytest.raises(UserError, match=said):
        helplines(written(tmp_path, ONE.replace(*change)))


def test_shipped_helplines_are_copied_to_fill_in_and_never_over_a_file(tmp_path: Path) -> None:
    own = tmp_path / "own.toml"
    copied = CliRunner().invoke(app, ["helplines", "--copy", str(own)])
    assert copied.exit_code == 0
    assert helplines(own).countries == helplines().countries
    own.write_text("mine", "utf-8")
    assert CliRunner().invoke(app, ["helplines", "--copy", str(own)]).exit_code != 0
    assert own.read_text("utf-8") == "mine"


def test_own_helplines_of_the_environment_are_the_ones_listed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OARLOCK_HELPLINES", str(written(tmp_path, ONE)))
    listed = CliRunner().invoke(app, ["helplines"])
    assert listed.exit_code == 0
    assert "of 2 helplines" in listed.output
