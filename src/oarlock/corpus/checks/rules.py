"""The rules that look at one row, or at a row and the one that it points to, in SQL."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from oarlock.corpus.checks.report import Level
from oarlock.corpus.engine import literal, name
from oarlock.corpus.schema import TABLES, key_of

AGES: Final = (5, 110)
"""Years outside of which an age is taken for a slip. The oldest person on record became 122; on
platforms such ages are birthdays in 1900."""
EARLIEST: Final = "1990-01-01"
"""Before the first public forums of the web; usually a time of 0."""
_MOJIBAKE: Final = "|".join((
    "Ã[\\x{80}-\\x{BF}€‚ƒ„…†‡ˆ‰Š‹Œ‘’“”•–—˜™š›œ]",
    "â€[\\x{80}-\\x{BF}™œ˜¦“”žŸ]",
    "Â[\\x{A0}-\\x{BF}]",
    "ï¿½|ðŸ",
))  # fmt: skip
"""UTF-8 that was read as Windows-1252."""
_REMOVED: Final = ("[removed]", "[deleted]", "[deleted by user]")
_LIKE_ALIKE: Final = 40


@dataclass(frozen=True, slots=True)
class Rule:
    """What a wrong row looks like.

    Attributes:
        condition: SQL over the columns of the table; true where it is wrong.
        source: SQL from which the rows come; "" for the table alone, and then all rules of a table
            are answered in one pass.
        id: SQL of the id that is shown.
    """

    level: Level
    check: str
    table: str
    column: str
    condition: str
    about: str
    remedy: str
    source: str = ""
    id: str = ""


def id_column(table: str) -> str:
    """Return the column whose value names a row of a table in a report."""
    return key_of(table) or next(iter(TABLES[table]))


def _of_columns() -> list[Rule]:
    rules = []
    for table, columns in TABLES.items():
        for column, wanted in columns.items():
            if wanted.required:
                rules.append(Rule(
                    "error", "missing", table, column, f"{name(column)} IS NULL",
                    "a cell that every row needs is empty", "Fill it in, or leave out the row.",
                ))  # fmt: skip
            if wanted.values:
                given = ", ".join(map(literal, wanted.values))
                rules.append(Rule(
                    "error", "value", table, column, f"{name(column)} NOT IN ({given})",
                    "a value that the codebook does not have",
                    f"Use one of: {', '.join(wanted.values)}.",
                ))  # fmt: skip
            if column in ("written_at", "at", "joined_at"):
                rules += _of_times(table, column)
            if column in ("text", "title"):
                rules += _of_texts(table, column)
    return rules


def _of_times(table: str, column: str) -> list[Rule]:
    zone = "Check the time zone and the unit of the source."
    at = name(column)
    return [
        Rule("warning", "future-time", table, column, f"{at} > now() + INTERVAL 1 DAY",
             "a time in the future", zone),
        Rule("warning", "early-time", table, column, f"{at} < TIMESTAMPTZ '{EARLIEST} 00:00:00+00'",
             f"a time before {EARLIEST[:4]}", zone),
    ]  # fmt: skip


def _of_texts(table: str, column: str) -> list[Rule]:
    again = "Export the source again as UTF-8."
    rules = [
        Rule("warning", "mojibake", table, column,
             f"regexp_matches({column}, {literal(_MOJIBAKE)})",
             "UTF-8 that was read as Windows-1252", again),
        Rule("warning", "lost-characters", table, column,
             f"contains({column}, chr(65533)) OR contains({column}, chr(0))",
             "characters that are lost (U+FFFD or NUL)", again),
    ]  # fmt: skip
    if column == "text":
        removed = ", ".join(map(literal, _REMOVED))
        rules += [
            Rule("warning", "empty-text", table, column, f"trim({column}, ' \t\r\n') = ''",
                 "a text without a word", "A study leaves it out."),
            Rule("warning", "removed-text", table, column, f"trim({column}) IN ({removed})",
                 "a mark of the platform where a text was taken away", "A study leaves it out."),
        ]  # fmt: skip
    return rules


def _of_numbers() -> list[Rule]:
    low, high = AGES
    return [
        Rule("warning", "impossible-age", "users", "age", f"age NOT BETWEEN {low} AND {high}",
             f"an age that is not from {low} to {high}", "A study takes it for missing."),
        Rule("warning", "rating-scale", "replies", "rating",
             "rater_id IS NULL AND rating NOT BETWEEN 1 AND 5",
             "a rating that is not from 1 to 5", "Name the scale of the source in the mapping."),
        Rule("error", "probability", "codes", "probability", "probability NOT BETWEEN 0 AND 1",
             "a probability that is not from 0 to 1", "Code the texts anew."),
        Rule("error", "valence", "moods", "valence", "valence NOT BETWEEN -1 AND 1",
             "a valence that is not from -1 to 1", "Bring it to that range in the mapping."),
        Rule("warning", "self-follow", "person_follows", "", "follower_id = followed_id",
             "somebody follows themselves", "A study leaves it out."),
        *(Rule("error", "span", table, "end", '"end" <= "start" OR "start" < 0',
               "a span that ends before it starts", "Code the texts anew.")
          for table in ("codes", "labels")),
    ]  # fmt: skip


def _of_pointers() -> list[Rule]:
    rules = []
    for table, columns in TABLES.items():
        for column, wanted in columns.items():
            if not wanted.points_to:
                continue
            target = wanted.points_to
            key = "text_id" if target == "texts" else key_of(target)
            bound = f"NOT coalesce(t.{wanted.unless}, false)" if wanted.unless else "true"
            rules.append(Rule(
                "error", "orphan", table, column, f"{bound} AND t.{name(column)} IS NOT NULL",
                f"it names a row that {target} does not have",
                "Add what is missing, or import again with --repair, which leaves such rows out.",
                source=f"{table} t ANTI JOIN {target} o ON t.{name(column)} = o.{key}",
                id=f"t.{id_column(table)}",
            ))  # fmt: skip
    return rules


def _of_pairs() -> list[Rule]:
    text = "texts o ON t.text_id = o.text_id"
    early = "Check the time zones of the two tables."
    return [
        Rule("warning", "reply-before-post", "replies", "written_at",
             "t.written_at < date_trunc('minute', o.written_at)", "a reply older than its post",
             early, "replies t JOIN posts o ON t.post_id = o.post_id", "t.reply_id"),
        Rule("warning", "reply-before-parent", "replies", "written_at",
             "t.written_at < date_trunc('minute', o.written_at)",
             "a reply older than what it answers", early,
             "replies t JOIN replies o ON t.parent_id = o.reply_id", "t.reply_id"),
        Rule("error", "parent-in-other-thread", "replies", "parent_id", "t.post_id <> o.post_id",
             "it answers a reply of another thread", "Check the column of the thread.",
             "replies t JOIN replies o ON t.parent_id = o.reply_id", "t.reply_id"),
        Rule("warning", "self-like", "reactions", "user_id", "t.user_id = o.user_id",
             "somebody reacted to their own text", "A study leaves it out.",
             f"reactions t JOIN {text}", "t.text_id"),
        Rule("warning", "reaction-before-text", "reactions", "at",
             't."at" < date_trunc(\'minute\', o.written_at)',
             "a reaction older than its text", early,
             f"reactions t JOIN {text}", "t.text_id"),
        Rule("warning", "text-before-joining", "users", "joined_at", "true",
             "somebody wrote before they joined", early,
             "users t SEMI JOIN texts o ON t.user_id = o.user_id "
             "AND date_trunc('day', t.joined_at) > o.written_at", "t.user_id"),
        *(Rule("error", "span-beyond-text", table, "end", 't."end" > o.n_characters',
               "a span that reaches beyond its text", "Code the texts anew.",
               f"{table} t JOIN {text}", "t.text_id") for table in ("codes", "labels")),
    ]  # fmt: skip


def _of_repeats() -> list[Rule]:
    rules = [
        Rule("error", "duplicate-id", table, str(key_of(table)), "n > 1",
             "a key that several rows have", "Give each row its own, or import with --repair, "
             "which keeps the first.",
             f"(SELECT {key_of(table)} id, count(*) n FROM {table} GROUP BY 1 HAVING n > 1)", "id")
        for table in TABLES if key_of(table)
    ]  # fmt: skip
    return [
        *rules,
        Rule("error", "duplicate-id", "replies", "reply_id", "true",
             "a reply has the id of a post", "Put a letter before the ids of one of them.",
             "replies t SEMI JOIN posts o ON t.reply_id = o.post_id", "t.reply_id"),
        Rule("warning", "same-person", "users", "user_id", "n > 1",
             "ids that differ in case or spaces alone: one person twice?",
             "Spell ids alike in every file.",
             "(SELECT min(user_id) id, count(DISTINCT user_id) n FROM users "
             "GROUP BY lower(trim(user_id)) HAVING n > 1)", "id"),
        Rule("warning", "repeated-reaction", "reactions", "", "n > 1",
             "the same reaction by the same person twice", "A study counts it once.",
             "(SELECT text_id id, count(*) n FROM reactions GROUP BY text_id, user_id, kind "
             "HAVING n > 1)", "id"),
        *(Rule("warning", "repeated-text", table, "text", "n > 1",
               "the same author wrote the same longer text several times",
               "Check for programs and for rows that were loaded twice.",
               f"(SELECT min({key_of(table)}) id, count(*) n FROM {table} "
               f"WHERE user_id IS NOT NULL AND length(text) > {_LIKE_ALIKE} "
               "GROUP BY hash(user_id, text) HAVING n > 1)", "id")
          for table in ("posts", "replies")),
    ]  # fmt: skip


RULES: Final = (
    *_of_columns(), *_of_numbers(), *_of_pointers(), *_of_pairs(), *_of_repeats(),
)  # fmt: skip
