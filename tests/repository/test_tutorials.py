"""The commands and examples of README and tutorials run in order, and print what is shown."""

from __future__ import annotations

from pathlib import Path

import pytest

from repository.examples import PAGES, differences, run_page

REFRESH = "If the page still tells the truth: python tests/repository/examples.py"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_page_prints_what_it_shows(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    n_shown = 0
    for example in run_page(page, tmp_path):
        assert "Traceback" not in example.printed, example.source
        if example.span is not None:
            n_shown += 1
            wrong = differences(example.shown, example.printed)
            assert not wrong, f"{example.source}\n" + "\n".join([*wrong, REFRESH])
    assert n_shown


def test_a_number_may_move_a_little_and_a_word_may_not() -> None:
    assert not differences("Affirm  0.85  (rare)\n", "Affirm 0.91 (rare)\n")
    assert not differences("coded 257 replies", "coded 250 replies")
    assert differences("Affirm  0.85", "Affirm  0.55")
    assert differences("Affirm  0.85", "Support  0.85")
    assert differences("one\ntwo", "one")
