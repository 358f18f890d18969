"""Screening on the way in. Whatever breaks here becomes a finding, never an exception."""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from oarlock.community.desk import policy
from oarlock.community.ops.once import once
from oarlock.community.texts.models import Screening, Text
from oarlock.community.texts.wording import whole
from oarlock.safety.policy import UNREAD_LANGUAGE
from oarlock.safety.results import GRADES

log = logging.getLogger("oarlock.safety")


@dataclass(frozen=True, slots=True)
class Finding:
    """What screening says of a text.

    Attributes:
        failed: Screening broke: a person has to read the text.
        risk: C-SSRS-like grade of the writer.
        kinds: Score by further risk, harm or privacy matter, and by risk of somebody else, under
            the names that `desk.policy.name` gives.
        reasons: Plain words for staff; no words of the text.
        hurts: Whether a pattern found harm to somebody else in it.
    """

    failed: bool = False
    risk: str = "none"
    kinds: Mapping[str, float] = field(default_factory=dict)
    reasons: Sequence[str] = ()
    screener_version: str = "failed"
    hurts: bool = False


class _InOurWords:
    """The screener of `oarlock.safety`, answering with a `Finding`."""

    def __init__(self, own: Any) -> None:
        self._own = own

    def screen(self, text: str) -> Finding:
        found = self._own.screen(text)
        kinds, risk = {}, "none"
        for one in found.findings:
            name = policy.name(one.kind, one.grade, one.about)
            if name in GRADES:
                risk = max(risk, name, key=GRADES.index)
            else:
                kinds[name] = one.score
        if found.truncated:
            kinds["unscreened"] = 1.0
        reasons = list(found.reasons)
        if not is_read(text):
            kinds[UNREAD_LANGUAGE] = 1.0
            reasons.append("In a language that screening cannot read.")
        return Finding(
            risk=risk,
            kinds=kinds,
            reasons=reasons,
            screener_version=found.screener_version[:40],
            hurts=found.is_hurtful,
        )


#: What screening has patterns for; "und" is what is too short or too mixed to tell.
LANGUAGES = ("en", "de")
#: Words from which a text in another language is put in front of a person.
_LEAST_WORDS = 3


def is_read(text: str) -> bool:
    """Return whether a text is in a language that screening reads, or too short to tell."""
    from oarlock.coder.language import UNKNOWN, language_of, words

    text = text[:5_000]
    n = len(words(text))
    if n < _LEAST_WORDS:
        return True
    # Three words are too few for the identifier, which takes them twice.
    found = language_of(f"{text} {text}" if n == _LEAST_WORDS else text)
    return found in (*LANGUAGES, UNKNOWN)


@once
def screener() -> Any:
    """Return the screener, loaded once per process."""
    from oarlock.safety import Screener

    return _InOurWords(Screener.load())


#: Seconds after which screening counts as failed: the writer waits, and a person reads the text.
PATIENCE = 10.0
#: Screenings under way at a time in one process, hanging ones included.
_SLOTS = threading.BoundedSemaphore(32)


def _in_time(work: Callable[[], Finding]) -> Finding:
    """Return what `work` returns, or raise what it raises; `TimeoutError` if it takes too long.

    A thread that hangs is left behind and keeps its slot: once all are gone, every text goes to a
    person at once, and nobody waits.
    """
    done: queue.SimpleQueue[Finding | Exception] = queue.SimpleQueue()
    slots = _SLOTS

    def run() -> None:
        try:
            done.put(work())
        except Exception as error:  # noqa: BLE001 - raised again where it is waited for
            done.put(error)
        finally:
            slots.release()

    if not slots.acquire(timeout=1.0):
        raise TimeoutError
    threading.Thread(target=run, name="screening", daemon=True).start()
    try:
        result = done.get(timeout=PATIENCE)
    except queue.Empty:
        raise TimeoutError from None
    if isinstance(result, Exception):
        raise result
    return result


def write_down(text: Text, finding: Finding) -> None:
    """Keep a finding about the present version of a text."""
    Screening.objects.create(
        text=text,
        version=text.version,
        risk=finding.risk,
        kinds=dict(finding.kinds),
        reasons=list(finding.reasons),
        screener_version=finding.screener_version,
    )


def screen(title: str, body: str) -> Finding:
    """Return the finding for title and body together."""
    try:
        found = _in_time(lambda: screener().screen(whole(title, body)))
        if not isinstance(found, Finding):
            raise TypeError
        return found
    except Exception as error:  # noqa: BLE001 - whatever it is, the text must reach a person
        # The message of the error might repeat the text: only its type is told.
        log.error("screening.failed", extra={"error": type(error).__name__})
        return Finding(failed=True)
