"""What is known of a draft and its post when the rules decide; lives as long as one review."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

from oarlock.coach.cues import MAX_SENTENCE_CHARACTERS, cues, plain
from oarlock.codebook import REFLECTIONS
from oarlock.coder import SentenceCode


@dataclass(frozen=True, slots=True)
class Limits:
    """The numbers of `rules.toml`; what each is for stands there."""

    quite_sure: float
    fairly_sure: float
    not_sure: float
    there: float
    perhaps: float
    min_words: int
    telling_share: float
    questions_in_row: int
    self_disclosure_share: float
    self_disclosure_words: int
    bare_question_words: int
    summary_least_post_words: int
    summary_least_words: int
    summary_post_words: int
    summary_draft_words: int


class Evidence:
    """Codes and wordings of a draft, and of its post.

    Args:
        draft: The draft.
        sentences: Its codes.
        post: What the seeker wrote, "" where unknown.
        risk: Whether the caller says that the post speaks of suicide.
        limits: The numbers of the rules.
        summary: Gives the probability that a run of sentences is a summary; asked at most once.
    """

    def __init__(
        self,
        draft: str,
        sentences: Sequence[SentenceCode],
        *,
        post: str,
        risk: bool,
        limits: Limits,
        summary: Callable[[int, int], float],
    ) -> None:
        self.sentences = sentences
        self.limits = limits
        self.risk = risk
        self.post = plain(post)
        self._summary = summary
        self._said: dict[tuple[int, str], bool] = {}
        self.texts = [
            plain(draft[one.start : min(one.end, one.start + MAX_SENTENCE_CHARACTERS)])
            for one in sentences
        ]
        self.words = [len(draft[one.start : one.end].split()) for one in sentences]
        # What was not read says nothing, neither by its code nor by its wording.
        self.read = [
            i for i, one in enumerate(sentences) if one.reason not in {"language", "no words"}
        ]

    def p(self, i: int, *codes: str) -> float:
        """Return the probability that sentence i has one of the codes."""
        return sum(self.sentences[i].probabilities[code] for code in codes)

    def sure(self, i: int, *codes: str) -> bool:
        """Whether sentence i reliably has one of the codes."""
        one = self.sentences[i]
        return one.reliable and one.code in codes

    def says(self, i: int, cue: str) -> bool:
        """Whether the wording of sentence i gives a cue."""
        key = (i, cue)
        if key not in self._said:
            self._said[key] = bool(cues().draft[cue].finds(self.texts[i]))
        return self._said[key]

    def any_says(self, cue: str) -> bool:
        """Whether any sentence that was read gives a cue."""
        return any(self.says(i, cue) for i in self.read)

    def post_says(self, cue: str) -> bool:
        """Whether the post gives a cue."""
        return bool(cues().post[cue].finds(self.post))

    def reflects(self, i: int) -> float:
        """Return how probable it is that sentence i says back what was heard, 0 to 1.

        A wording that reflections use counts as "perhaps" where the coder does not see one, unless
        the sentence is surely something else that is told, asked or advised.
        """
        p = self.p(i, *REFLECTIONS)
        other = ("Self-Disclose", "Open Question", "Closed Question", *ADVICE)
        if p < self.limits.perhaps and not self.sure(i, *other) and self.says(i, "reflection"):
            return self.limits.perhaps
        return p

    def affirms(self, i: int) -> float:
        """Return how probable it is that sentence i affirms, counting wordings as `reflects`."""
        p = self.p(i, "Affirm")
        if p < self.limits.perhaps and not self.sure(i, "Self-Disclose") and self.says(i, "affirm"):
            return self.limits.perhaps
        return p

    @cached_property
    def advice(self) -> list[int]:
        """Sentences that are surely advice or direction, and not a way to help or a kind phrase."""
        return [
            i
            for i in self.read
            if self.sure(i, *ADVICE)
            and not self.says(i, "friendly")
            and not self.says(i, "help" if self.risk else "crisis")
        ]

    @cached_property
    def summary(self) -> tuple[float, tuple[int, int]]:
        """The probability of a summary, and the first and last sentence that may hold it.

        A summary is made of reflections (MISC 2.5), so where no sentence is perhaps one, there is
        none, and the coder, for which whole replies are slow, is not asked.
        """
        limits = self.limits
        seen = [i for i in self.read if self.reflects(i) >= limits.perhaps]
        if not seen or len(self.post.split()) < limits.summary_least_post_words:
            return 0.0, (0, 0)
        first = seen[0]
        last = max(i for i in seen if i < first + MAX_SUMMARY_SENTENCES)
        if sum(self.words[i] for i in seen if i <= last) < limits.summary_least_words:
            return 0.0, (0, 0)
        return self._summary(first, last), (first, last)

    def share(self, *codes: str) -> float:
        """Return the expected share of the draft's words in sentences with these codes."""
        total = sum(self.words)
        return sum(self.p(i, *codes) * self.words[i] for i in self.read) / total if total else 0.0


ADVICE = ("Advise without Permission", "Direct")
#: A summary is looked for in so many sentences from the first reflection on, to bound its cost.
MAX_SUMMARY_SENTENCES = 4
