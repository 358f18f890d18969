"""Which example of the codebook is shown: by topic, then by words that it shares with the post."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from functools import lru_cache
from zlib import crc32

from oarlock.coach.cues import cues
from oarlock.coach.results import ShownExample
from oarlock.codebook import TOPICS, code_by

_WORD = re.compile(r"[a-z]{4,}")
#: Frequent words of four letters and more that say nothing about what a text is about.
_EMPTY = frozenset(
    """
    that this with have from your they them then what when were been just like really about dont
    cant youre would could should want know feel think there their some more much very even still
    only because after before thing things going make time into over ever never will than also back
    need doing being around people person years months weeks days year today anything nothing
    everyone someone told tell said says help hard good right long last always
    """.split()  # noqa: SIM905
)


@lru_cache(maxsize=512)
def _stems_of_example(text: str) -> frozenset[str]:
    return stems(text.lower())


def stems(text: str) -> frozenset[str]:
    """Return the first five letters of the words that say what a plain text is about."""
    return frozenset(w[:5] for w in _WORD.findall(text.replace("'", "")) if w not in _EMPTY)


def topic_of(topic: str | None, post: str) -> str:
    """Return the codebook's topic that is meant, "general" where none is plain.

    Args:
        topic: What the caller calls it, such as the name of a group ("Exams and money").
        post: The plain text of the post.
    """
    if topic:
        named = topic.casefold()
        if named in TOPICS:
            return named
        within = [one for one in TOPICS if one in named and one != "general"]
        if within:
            return max(within, key=lambda one: (_hits(one, post), -TOPICS.index(one)))
    ranked = sorted(((_hits(one, post), one) for one in cues().topics), reverse=True)
    (best, name), (second, _) = ranked[:2]
    return name if best > second else "general"


def _hits(topic: str, post: str) -> int:
    pattern = cues().topics.get(topic)
    return len(set(pattern.findall(post))) if pattern else 0


def choose(
    codes: Sequence[str],
    topic: str,
    about: frozenset[str],
    never: Collection[str],
    *,
    fixed: bool = False,
) -> ShownExample | None:
    """Return the example of these codes that fits best; the same inputs give the same example.

    Args:
        codes: Full names, the preferred one first.
        topic: One of `TOPICS`. An example on it is shown where it shares a word with the post, else
            one on no topic.
        about: `stems` of the post.
        never: Texts that are not shown.
        fixed: Show examples on this topic only, whatever the post says.
    """
    found: list[tuple[tuple[int, int, int], ShownExample]] = []
    for rank, name in enumerate(codes):
        for place, example in enumerate(code_by(name).examples):
            if example.text in never:
                continue
            shared = len(about & _stems_of_example(example.text))
            # The details of another story are out of place unless the post has one of them.
            if example.topic != "general" and (example.topic != topic or not (shared or fixed)):
                continue
            if fixed and example.topic != topic:
                continue
            if example.topic == "general":
                shared = 0
            found.append(((-shared, rank, place), ShownExample(example.text, name, example.topic)))
    if not found:
        return None
    best = min(key for key, _ in found)
    if best[0]:
        return min(found, key=lambda one: one[0])[1]
    # None is nearer than another: which one is shown turns with the post, not with chance.
    turn = crc32(" ".join(sorted(about)).encode("utf-8", "surrogatepass"))
    return found[turn % len(found)][1]
