"""A draft in, feedback out: what is there, what is good, and at most two things to think about."""

from __future__ import annotations

import zlib
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from oarlock.coach.cache import RowCache
from oarlock.coach.evidence import Evidence, Limits
from oarlock.coach.examples import choose, stems, topic_of
from oarlock.coach.results import (
    Feedback,
    OarsItem,
    Praise,
    SentenceFeedback,
    ShownExample,
    State,
    Suggestion,
)
from oarlock.coach.rules import Rule, matches, rule_book
from oarlock.coach.words import Words, words_in
from oarlock.codebook import OARS, code_by
from oarlock.coder import SentenceCode
from oarlock.errors import UserError

#: Sentences whose probabilities are kept: about 150 bytes each, some 400 drafts.
CACHE_SIZE = 4096
#: A draft is read up to here (about 2,000 words), a post too: bounds the cost of any input.
MAX_CHARACTERS = 10_000
MAX_SUGGESTIONS = 2
#: The rule for a draft that would hurt somebody; the caller decides it, not a sentence's code.
HARM = "harm"
MAX_PRAISE = 2


class SentenceCoder(Protocol):
    """What the coach needs of `oarlock.coder.Coder`."""

    @property
    def model_version(self) -> str: ...

    def code_sentences(self, reply: str, *, predict: Any = None) -> tuple[SentenceCode, ...]: ...

    def predict(
        self,
        texts: Sequence[str],
        contexts: Sequence[str | None] | None = None,
        task: str = "codes",
    ) -> NDArray[np.float32]: ...


class Coach:
    """Reviews drafts; one coach serves many writers and threads.

    Args:
        coder: Codes sentences.
        cache_size: Sentences whose probabilities are kept between calls.
    """

    def __init__(self, coder: SentenceCoder, *, cache_size: int = CACHE_SIZE) -> None:
        self._coder = coder
        self._codes = RowCache(cache_size)
        self._summaries = RowCache(max(1, cache_size // 16))
        self._book = rule_book()

    @classmethod
    def load(
        cls,
        tier: str = "standard",
        *,
        folder: str | Path | None = None,
        threads: int | None = 1,
        cache_size: int = CACHE_SIZE,
    ) -> Self:
        """Return a coach with the weights of a tier, ready to answer at once.

        Args:
            tier: "standard" or "fast".
            folder: Weights of your own training instead of the shipped ones.
            threads: Processor threads of one review; None takes all cores.
            cache_size: Sentences whose probabilities are kept between calls.

        Raises:
            UserError: There is no such tier, or its files are missing or damaged.
        """
        from oarlock.coder import Coder

        coder = Coder.load(tier, folder=folder, threads=threads)
        # The identifier of languages loads on the first text that is not plainly English.
        coder.code_sentences("heute morgen regnet schnee")
        return cls(coder, cache_size=cache_size)

    @property
    def model_version(self) -> str:
        """Tier and release of the weights, to be stored with a dismissal."""
        return self._coder.model_version

    @property
    def rules_version(self) -> str:
        """Release of the rules, to be stored with a dismissal."""
        return self._book.version

    def review(
        self,
        draft: str,
        *,
        post: str = "",
        topic: str | None = None,
        risk: bool = False,
        harm: bool = False,
        dismissed: Collection[str] = frozenset(),
        language: str = "en",
    ) -> Feedback:
        """Return the feedback on a draft.

        Args:
            draft: What a supporter has written so far; only its first 10,000 characters are read.
            post: What the seeker wrote.
            topic: What it is about, as the caller calls it; by default told from the post.
            risk: Whether the post speaks of suicide, as the caller found.
            harm: Whether the draft would hurt somebody, as the caller found. Then the coach says
                that and nothing else: no code, no praise, no advice on how to put it.
            dismissed: Ids of suggestions that the writer does not want to see again.
            language: Language of the feedback, one of `oarlock.coach.words.LANGUAGES`.

        Raises:
            UserError: A text is none, or the coach does not speak the language.
        """
        for name, value in (("draft", draft), ("post", post)):
            if not isinstance(value, str):
                raise UserError(
                    f"The {name} is no text but {type(value).__name__}.",
                    remedy="Give an empty text where there is none.",
                )
        words = words_in(language)
        part, post = draft[:MAX_CHARACTERS], post[:MAX_CHARACTERS]
        if harm:
            return self._harmful(part, words)
        sentences = self._coder.code_sentences(part, predict=self._rows)

        def summary(first: int, last: int) -> float:
            return self._summary(part[sentences[first].start : sentences[last].end], post)

        evidence = Evidence(
            part, sentences, post=post, risk=risk, limits=self._book.limits, summary=summary
        )
        suggestions = self._suggestions(evidence, topic, frozenset(dismissed), words)
        critical = {(one.start, one.end) for one in suggestions if one.kind != "add"}
        limits = [words("cut")] * (len(draft) > len(part))
        limits += [words("foreign")] * any(one.reason == "language" for one in sentences)
        return Feedback(
            sentences=tuple(_sentence(one, words, self._book.limits) for one in sentences),
            oars=_oars(evidence, words),
            praise=tuple(
                one for one in _praise(evidence, words) if (one.start, one.end) not in critical
            )[:MAX_PRAISE],
            suggestions=suggestions,
            note=words("note"),
            limits=tuple(limits),
            example_label=words("example"),
            language=language,
            model_version=self.model_version,
            rules_version=self.rules_version,
        )

    def _harmful(self, part: str, words: Words) -> Feedback:
        why = Suggestion(
            id=HARM,
            rule=HARM,
            kind="harm",
            title=words("suggestions", HARM, "title"),
            why=words("suggestions", HARM, "why"),
            start=0,
            end=len(part),
            example=None,
        )
        return Feedback(
            sentences=(),
            oars=(),
            praise=(),
            suggestions=(why,),
            note=words("note"),
            limits=(),
            example_label=words("example"),
            language=words.language,
            model_version=self.model_version,
            rules_version=self.rules_version,
        )

    def _rows(self, texts: Sequence[str]) -> NDArray[np.float32]:
        return self._codes.rows(texts, self._coder.predict)

    def _summary(self, text: str, post: str) -> float:
        # The coder reads the end of a post only; the key holds no more than that.
        key = f"{text}\0{post[-1_000:]}"
        row = self._summaries.rows(
            [key], lambda _: self._coder.predict([text], [post], task="summary")
        )
        return float(row[0, 1])

    def _suggestions(
        self, draft: Evidence, topic: str | None, dismissed: frozenset[str], words: Words
    ) -> tuple[Suggestion, ...]:
        chosen: list[Suggestion] = []
        groups: set[str] = set()
        spans: set[tuple[int, int]] = set()
        for rule in self._book.rules:
            if len(chosen) == MAX_SUGGESTIONS or rule.groups & groups:
                continue
            found = [(_id(rule, draft.texts[i]), i) for i in matches(rule, draft)]
            if rule.kind == "add" and found:
                if found[0][0] not in dismissed:
                    chosen.append(self._suggestion(rule, draft, topic, words, *found[0]))
                # One hint at a time, and none in the place of one that was waved away.
                break
            for id_, i in found:
                span = (draft.sentences[i].start, draft.sentences[i].end)
                if id_ in dismissed or (rule.kind == "mend" and span in spans):
                    continue
                chosen.append(self._suggestion(rule, draft, topic, words, id_, i))
                groups |= rule.groups
                spans.add(span)
                break
        return tuple(chosen)

    def _suggestion(
        self, rule: Rule, draft: Evidence, topic: str | None, words: Words, id_: str, i: int
    ) -> Suggestion:
        return Suggestion(
            id=id_,
            rule=rule.id,
            kind=rule.kind,
            title=words("suggestions", rule.id, "title"),
            why=words("suggestions", rule.id, "why"),
            start=draft.sentences[i].start,
            end=draft.sentences[i].end,
            example=self._example(rule, draft, topic),
        )

    def _example(self, rule: Rule, draft: Evidence, topic: str | None) -> ShownExample | None:
        named = rule.example_topic or topic_of(topic, draft.post)
        return choose(
            rule.examples,
            named,
            stems(draft.post),
            self._book.never,
            fixed=rule.example_topic is not None,
        )


def _id(rule: Rule, text: str) -> str:
    if rule.anchor != "match":
        return rule.id
    # Sixteen bits tell a draft's sentences apart and say nothing of their words.
    return f"{rule.id}-{zlib.crc32(text.encode('utf-8', 'surrogatepass')) & 0xFFFF:04x}"


def _sentence(one: SentenceCode, words: Words, limits: Limits) -> SentenceFeedback:
    family = code_by(one.code).family
    return SentenceFeedback(
        start=one.start,
        end=one.end,
        code=one.code,
        name=words("codes", one.code),
        family=family,
        family_name=words("families", family),
        probability=one.probability,
        confidence=words("confidence", _confidence(one.probability, limits)),
        reliable=one.reliable,
        reason=words("reason", one.reason) if one.reason else None,
    )


def _confidence(probability: float, limits: Limits) -> str:
    for name in ("quite_sure", "fairly_sure", "not_sure"):
        if probability >= getattr(limits, name):
            return name
    return "guess"


def _oars(draft: Evidence, words: Words) -> tuple[OarsItem, ...]:
    limits = draft.limits
    items = []
    p, (first, last) = draft.summary
    shows: dict[str, dict[int, float]] = {
        "Open questions": {i: draft.p(i, "Open Question") for i in draft.read},
        "Affirmations": {i: draft.affirms(i) for i in draft.read},
        "Reflections": {i: draft.reflects(i) for i in draft.read},
        "Summaries": dict.fromkeys(range(first, last + 1), p),
    }
    for skill in OARS:
        found = {i: p for i, p in shows[skill].items() if p >= limits.perhaps}
        best = max(found.values(), default=0.0)
        state: State = "missing"
        if found:
            state = "there" if best >= limits.there else "perhaps"
            found = {i: p for i, p in found.items() if best < limits.there or p >= limits.there}
        items.append(
            OarsItem(
                skill=skill,
                name=words("oars", skill),
                state=state,
                state_name=words("state", state),
                spans=tuple((draft.sentences[i].start, draft.sentences[i].end) for i in found),
            )
        )
    return tuple(items)


def _praise(draft: Evidence, words: Words) -> list[Praise]:
    """Return what is good in the draft, one sentence each, what matters most first."""
    limits = draft.limits

    def best(codes: tuple[str, ...]) -> int | None:
        p, i = max(((draft.p(i, *codes), -i) for i in draft.read), default=(0.0, 0))
        return -i if p >= limits.fairly_sure else None

    def reflection() -> int | None:
        # Reflections are seen too often: below "quite sure", the wording has to agree.
        i = best(OARS["Reflections"])
        if i is None or draft.says(i, "reflection"):
            return i
        return i if draft.p(i, *OARS["Reflections"]) >= limits.quite_sure else None

    found: dict[str, int | None] = {
        "help": next((i for i in draft.read if draft.risk and draft.says(i, "help")), None),
        "reflection": reflection(),
        "open_question": best(OARS["Open questions"]),
        "affirm": best(OARS["Affirmations"]),
        "autonomy": best(("Emphasize Autonomy",)),
        "permission": best(("Advise with Permission",)),
        "support": best(("Support",)),
    }
    return [
        Praise(key, words("praise", key), draft.sentences[i].start, draft.sentences[i].end)
        for key, i in found.items()
        if i is not None
    ]
