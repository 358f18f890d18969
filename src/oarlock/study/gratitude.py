"""Thanks in what a poster writes under replies: none, general, or specific.

*Specific* says what for, or what the reply did; *general* does not. Thanks in advance, refused,
denied, sarcastic or meant for somebody else are none. Rules over clauses, English and some German:
they are fast enough for millions of texts and can be read. How often they are right is measured on
`tests/spec/gratitude_cases.toml`, of which every second case was held out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

KINDS: Final = ("none", "general", "specific")

_WORD = (
    r"(?:thank\s?(?:yo?u+|u+|ya)|tha?n(?:ks+|x+)|thnks|thx+|tysm|tyvm|ty|danke(?:sch(?:ö|oe)n)?"
    r"|vielen dank)"
)
#: Thanks of the writer to the reader.
_THANKS = re.compile(
    rf"(?<!\w)(?:{_WORD}|cheers(?= (?:mate|for|man|guys)|[.!]*$)|much appreciated"
    r"|i (?:\w+ )?thank you|(?<!n't )(?<!not )appreciate (?:you|it|this|that|your|what|the"
    r"|everyone)\b"
    r"|(?:so|very|really|i'?m|i am|truly) (?:\w+ )?(?:grateful|thankful)|grateful (?:to|for"
    r"|that|for the way) you"
    r"|grateful to (?:you|everyone|all))(?!\w)",
    re.IGNORECASE,
)
#: Something that a reply did to the writer, with or without the word thanks.
_EFFECT = re.compile(
    r"(?<!\w)(?:(?:this|that|it|they|you (?:just|really|have|actually)|your (?:\w+ )?(?:words?"
    r"|reply|answer|post|message|comment|advice)"
    r"|what you (?:wrote|said)|which) (?:\w+ ){0,2}?(?:helps?|helped|calmed|comforted"
    r"|made me (?!\w*\s?(?:\w+ )?"
    r"(?:like trash|worse|angry|sick))\w+|made my (?:day|night|week|evening)|gave me"
    r"|means (?:a lot|so much|the world)"
    r"|makes? (?:so |a lot of |total |perfect |much )*sense|puts? (?:it"
    r"|things) in(?:to)? perspective)"
    r"|you (?:helped|calmed|comforted|made my)|helped me through|what you wrote did"
    r"|i (?:really )?needed (?:this|that|to (?:hear|read))"
    r"|(?:feel|felt|feeling) (?:\w+ ){0,2}?(?:less alone|better|lighter|calmer|heard|understood"
    r"|seen|hopeful)"
    r"|not the only one|never thought (?:of|about)|(?:hadn'?t|never) (?:seen|looked at) (?:it"
    r"|this|that)"
    r"|(?:you'?re|you are) (?:so |absolutely |totally )?right|good point|now i know"
    r"|i(?:'?ll| will| am going to|'?m going to|'?m gonna) (?:\w+ )?(?:try|call|give|ask|tell"
    r"|talk|do|use|look|book|read)"
    r"|i(?:'?m| am) (?:saving|ordering)|i (?:tried|booked|called|ordered|read it|did what)"
    r"|(?:some|new|more) hope|das hat (?:mir )?(?:sehr )?geholfen|weniger allein)(?!\w)",
    re.IGNORECASE,
)
#: Such an effect counts without the word thanks: it can only be about the reply.
_EFFECT_ALONE = re.compile(
    r"(?<!\w)(?:(?:this|that|your (?:\w+ )?(?:words?|reply|answer|post|message|comment|advice)"
    r"|what you (?:wrote|said))"
    r" (?:\w+ ){0,2}?(?:helped|calmed|comforted|made my (?:day|night|week)"
    r"|made me feel (?:\w+ )?(?:understood|better|seen|heard|less))"
    r"|i (?:really )?needed (?:this|to (?:hear|read) this)|das hat mir (?:sehr )?geholfen)(?!\w)",
    re.IGNORECASE,
)
_DENIED_EFFECT = re.compile(
    r"(?<!\w)(?:not|n'?t|never|nothing|how is|nicht)\b[^.!?\n]{0,18}(?:help|geholfen)",
    re.IGNORECASE,
)
#: After thanks: what for, in words that would fit under any reply.
_VAGUE = re.compile(
    r"\s*(?:(?:so|very)? ?much|a lot|lots|again|all|both|everyone|guys|anyway)*\s*(?:for|4"
    r"|für)\s+"
    r"(?:(?:all |the |your |ur |you |deine |eure )*(?:kind |lovely |nice |quick |sweet |warm "
    r"|friendly |great )*"
    r"(?:repl(?:y|ies|ying)|answer(?:s|ing)?|respon(?:se|ses|ding)|comment(?:s|ing)?"
    r"|help(?:ing)?|support|words?|time"
    r"|thoughts?|advice|inputs?|ideas|suggestions?|feedback|understanding|cooperation"
    r"|chat(?:ting)?|talk(?:ing)?"
    r"|kindness|antworten?|hilfe|asking|interest)"
    r"|everything|all (?:of )?(?:it|this|that)|this|that|it|being (?:here|there|kind|nice"
    r"|so \w+)|listening|helping me|alles)"
    r"(?=\s*(?:[.,!?;:)<\U0001F300-\U0001FAFF]|$|though\b|anyway|and\b|but\b|so\b|x+\b|here\b|everyone|guys|all\b))",
    re.IGNORECASE,
)
#: After thanks: what for, in words of its own.
_FOR = re.compile(
    r"[\s,]*(?:(?:so|very)? ?much|a lot|lots|again|all|both|everyone|guys|anyway|you|u|to you"
    r"|especially)*[\s,]*"
    r"(?:(?:for|4|für)\s+\S+|that you \w+|dass du \w+|what you \w+|you (?:for )?\w+ing\b"
    r"|the (?!help\b|support\b|advice\b)\w+ (?:\w+ )?(?:about|on|with|you)\b"
    r"|the way you\b)",
    re.IGNORECASE,
)
_IN_ADVANCE = re.compile(
    r"(?<!\w)(?:in advance|ahead of time|advanced thanks|im voraus|tia\b|for reading"
    r"|if you(?:'ve)? read|for any\b"
    r"|to (?:anyone|anybody|whoever|everyone who)|any (?:\w+ )?(?:help|advice|tips?|ideas?"
    r"|thoughts)\b[^.!?]{0,30}(?:appreciated|welcome)"
    r"|would (?:\w+ )?(?:appreciate|be (?:\w+ )?(?:grateful|appreciated))"
    r"|i'?d (?:\w+ )?(?:appreciate|be (?:\w+ )?grateful))",
    re.IGNORECASE,
)
_ASKS = re.compile(
    r"(?:\?|(?<!\w)(?:please (?:tell|help|answer|share)|looking for|can (?:somebody|someone"
    r"|anyone)|does anyone|what should i)\b)"
    r"[^?]{0,60}$",
    re.IGNORECASE,
)
_REFUSED = re.compile(
    r"(?<!\w)(?:(?:no|nah|nope|nein),? (?:thank|thx|tha?nx|danke)|(?:but|though) (?:no thanks"
    r"|i'?d rather not|i(?:'?m| am) not (?:doing|going))"
    r"|thanks,? i'?m good|(?:not|n'?t|never|nobody|no one|no need to"
    r"|without)\s(?:\w+ ){0,3}?(?:thank|grateful|appreciate)"
    r"|not even a thank)",
    re.IGNORECASE,
)
_SARCASTIC = re.compile(
    r"(?<!\w)(?:(?:for|4) (?:nothing|the (?:lecture|insult|unsolicited|judg\w+)"
    r"|(?:\w+ ){0,2}(?:judging|ignoring|blaming|wasting|insulting|mocking)"
    r"|not (?:reading|listening|answering)|proving my point|making it worse"
    r"|making me feel (?:worse|bad|like))"
    r"|gee|captain obvious|doctor google|obama|i'?m cured|i hate it|thanks a bunch"
    r"|(?:feel|made (?:it|me feel)|even) (?:\w+ )?worse|like trash|never heard that|as if i"
    r"|that was rude)(?!\w)"
    r"|/s\b|\U0001F644|\U0001F612",
    re.IGNORECASE,
)
_ELSEWHERE = re.compile(
    r"(?<!\w)(?:thank(?:s)? (?:god|gawd|goodness|heavens?|fuck|christ|allah|the lord|my lucky)"
    r"|thanks to (?!you\b(?! know)|u\b|everyone|all of you|both)\w+|thanks to you know"
    r"|(?:he|she|they|boss|mum|mom|dad|gran|mother|father|friend|teacher|doctor|i|we|always"
    r"|only|should|could|to|can|deserves?|any|just)"
    r" (?:\w+ ){0,2}?(?:say|says|said|saying|thank|thanked|thanking|get|got"
    r"|deserves) (?!you for\b)(?:a )?[\"'“]?(?:thank|my\b|the\b|her\b|him\b|them\b|me\b)"
    r"|(?:tell|told) (?:\w+ ){1,3}(?:thank|thx)|deserves? (?:\w+ )?thanks|thank you (?:card"
    r"|note|letter|gift|speech)"
    r"|(?:grateful|thankful) (?:for|that) (?!you|your|this place|this group|everyone|all)\w+"
    r"|any thanks|gott sei dank)",
    re.IGNORECASE,
)
_QUOTED = re.compile(r"[\"“„][^\"”“]{0,200}[\"”“]")
_CLAUSE = re.compile(r"(?<=[.!?\n])\s+|\n+")


def kind_of(text: str) -> str:
    """Return the kind of thanks in one text, one of `KINDS`."""
    found = "none"
    clean = _QUOTED.sub(" ", text.replace("’", "'"))
    sentences = [part for part in _CLAUSE.split(clean) if part.strip()]
    sarcastic = bool(_SARCASTIC.search(clean))
    thanked = False
    for number, sentence in enumerate(sentences):
        kind = _of_sentence(sentence)
        if kind == "none" or sarcastic:
            continue
        asked = number and _ASKS.search(sentences[number - 1])
        if asked and kind == "general" and number == len(sentences) - 1:
            continue  # A question that ends with thanks asks; nobody has answered it yet.
        thanked = True
        found = kind if found == "none" or kind == "specific" else found
    if sarcastic or (_DENIED_EFFECT.search(clean) and not thanked):
        return "none"
    if (
        thanked
        and found == "general"
        and _EFFECT.search(clean)
        and not _DENIED_EFFECT.search(clean)
    ):
        return "specific"
    if found == "none" and _EFFECT_ALONE.search(clean):
        return "specific"
    return found


def _of_sentence(sentence: str) -> str:
    kind = "none"
    for match in _THANKS.finditer(sentence):
        around = sentence[max(0, match.start() - 40) : match.end() + 60]
        if _REFUSED.search(around) or _IN_ADVANCE.search(sentence):
            continue
        elsewhere = _ELSEWHERE.search(sentence)
        if (
            elsewhere
            and elsewhere.start() <= match.start() + 8
            and elsewhere.end() >= match.start()
        ):
            continue
        if _ASKS.search(sentence[: match.start()]):
            continue
        after = sentence[match.end() :]
        whole = sentence[match.start() :]
        if re.match(r"thanks to (?:you|u)\b", whole, re.IGNORECASE):
            return "specific"
        if _VAGUE.match(after):
            kind = "general" if kind == "none" else kind
        elif _FOR.match(after) or re.match(
            r"(?:appreciate|grateful|thankful)\b.*?(?:\byou \w+ing|what you|the (?!help|support)\w+"
            r"|that you|the way)",
            whole,
            re.IGNORECASE,
        ):
            return "specific"
        else:
            kind = "general" if kind == "none" else kind
    return kind


def kinds(texts: Iterable[str | None]) -> list[str]:
    """Return the kind of thanks in each text; "none" where there is no text."""
    return [kind_of(text) if text else "none" for text in texts]
