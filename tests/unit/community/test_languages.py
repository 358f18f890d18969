"""The community in German: nothing is missing, nothing is left in English, all of it says "du"."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import allauth
import polib
import pytest
from django.template.loader import render_to_string
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone, translation
from django.utils.translation.template import templatize

from oarlock.community import settings as community
from oarlock.community.accounts.models import Role, User
from oarlock.community.desk import measures, reports, talk
from oarlock.community.groups.models import Group
from oarlock.community.measures import actions as questionnaires
from oarlock.community.support.actions import write_post, write_reply

GERMAN = Path("de", "LC_MESSAGES", "django.po")
CATALOGUES = [path / GERMAN for path in community.LOCALE_PATHS]
OWN, OF_ALLAUTH = CATALOGUES
TEMPLATES = sorted(
    path for path in community.PACKAGE.rglob("templates/**/*") if path.suffix in {".html", ".txt"}
)
#: In the templates, and the same in every language.
NAMES = {
    "findahelpline.com", "tin_kettle", "fernweh", "person:", "/notices/", "/me/preferences",
}  # fmt: skip
each_catalogue = pytest.mark.parametrize("path", CATALOGUES, ids=lambda p: p.parts[-4])


def _said(entry: polib.POEntry) -> list[str]:
    return [*entry.msgstr_plural.values()] if entry.msgid_plural else [entry.msgstr]


def _content(entry: polib.POEntry) -> tuple[Any, ...]:
    return entry.msgctxt, entry.msgid, entry.msgid_plural, *_said(entry)


# --- the catalogues -----------------------------------------------------------------------------


@each_catalogue
def test_every_entry_is_translated(path: Path) -> None:
    entries = polib.pofile(str(path))
    assert len(entries) > 100
    assert [e.msgid for e in entries if not all(_said(e)) or e.fuzzy or e.obsolete] == []


@each_catalogue
def test_both_languages_have_the_same_placeholders_and_tags(path: Path) -> None:
    holes = re.compile(r"%\(\w+\)[sd]|%[sd]|\{\w*\}|</?\w[^>]*>")
    for entry in polib.pofile(str(path)):
        wanted = sorted(holes.findall(entry.msgid))
        for said in _said(entry):
            assert sorted(holes.findall(said)) == wanted, entry.msgid


@each_catalogue
def test_the_compiled_file_says_what_the_source_says(path: Path) -> None:
    compiled = {_content(e) for e in polib.mofile(str(path.with_suffix(".mo")))}
    assert compiled == {_content(e) for e in polib.pofile(str(path))}


@each_catalogue
def test_german_says_du(path: Path) -> None:
    # At the start of a sentence "Sie" may be "they".
    formal = re.compile(r"[\w,] (Sie|Ihnen|Ihr(e[nmrs]?)?)\b")
    said = [said for entry in polib.pofile(str(path)) for said in _said(entry)]
    assert formal.search("Bitte geben Sie Ihr Passwort ein")
    assert [words for words in said if formal.search(words)] == []


def _marked_in_python(source: str) -> Iterator[tuple[str | None, str]]:
    """Return context and words of every call of gettext and its kin."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            name = node.func.id.removesuffix("_lazy")
            words = [a.value for a in node.args if isinstance(a, ast.Constant)]
            if name in {"_", "gettext", "ngettext", "gettext_noop"}:
                yield None, words[0]
            elif name in {"pgettext", "npgettext"}:
                yield words[0], words[1]


def _marked_in_template(source: str) -> Iterator[tuple[str | None, str]]:
    literal = r"u?(?:'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\")"
    calls = rf"\b((?:n?p?gettext|_)\({literal}(?:,\s*{literal})*)"
    for call in re.findall(calls, templatize(source)):
        yield from _marked_in_python(f"{call})")


def test_what_is_marked_is_found() -> None:
    template = """{% translate "a" context "b" %}{% blocktranslate count n=n %}{{ n }} c{% plural %}
        d{% endblocktranslate %}{% firstof x _("e") %}{{ _("f") }}"""
    assert set(_marked_in_template(template)) == {
        ("b", "a"), (None, "%(n)s c"), (None, "e"), (None, "f"),
    }  # fmt: skip
    assert list(_marked_in_python("pgettext_lazy('a', 'b' 'c'); _('d')")) == [
        ("a", "bc"),
        (None, "d"),
    ]


def test_the_catalogue_holds_all_that_is_marked_and_nothing_else() -> None:
    marked: set[tuple[str | None, str]] = set()
    for path in community.PACKAGE.rglob("*.py"):
        marked.update(_marked_in_python(path.read_text("utf-8")))
    for path in TEMPLATES:
        marked.update(_marked_in_template(path.read_text("utf-8")))
    held = {(e.msgctxt, e.msgid) for e in polib.pofile(str(OWN))}
    assert (marked - held, held - marked) == (set(), set())


def test_what_is_said_for_allauth_is_said_in_allauth() -> None:
    theirs = polib.pofile(str(Path(allauth.__file__).parent / "locale" / GERMAN))
    known = {(e.msgctxt, e.msgid) for e in theirs}
    assert [
        e.msgid for e in polib.pofile(str(OF_ALLAUTH)) if (e.msgctxt, e.msgid) not in known
    ] == []


# --- the templates ------------------------------------------------------------------------------


def _bare(source: str) -> list[str]:
    """Return the words of a template that are not marked for translation."""
    for tag in ("blocktranslate", "comment"):
        source = re.sub(rf"{{% {tag}\b.*?{{% end{tag} %}}", "", source, flags=re.DOTALL)
    source = re.sub(r"{#.*?#}|{%.*?%}|{{.*?}}", "\x00", source, flags=re.DOTALL)
    spoken = r"\b(?:alt|title|placeholder|aria-label|data-[\w-]*words)=\"([^\"]*)\""
    texts = [*re.findall(spoken, source), *re.sub(r"<[^>]*>", "\x00", source).split("\x00")]
    return [text.strip() for text in texts if re.search(r"[^\W\d_]{2}", text)]


def test_bare_words_of_a_template_are_found() -> None:
    assert _bare('<p title="Go on">{% translate "Save" %} {{ n }} files</p>') == ["Go on", "files"]


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda p: "/".join(p.parts[-2:]))
def test_templates_hold_no_words_that_are_not_marked(path: Path) -> None:
    in_block = re.compile(r"{% block \w+ %}[a-z]+{% endblock %}")  # The width of a page.
    source = in_block.sub("", path.read_text("utf-8"))
    assert set(_bare(source)) - NAMES == set()


# --- the pages ----------------------------------------------------------------------------------

#: Words that German does not have.
ENGLISH = {
    "the", "you", "your", "and", "of", "with", "this", "that", "they", "their", "what", "who",
    "have", "has", "been", "from", "not", "it", "is", "are", "nobody", "somebody", "yes", "please",
}  # fmt: skip
#: What the catalogues say otherwise in German, as it must not stand on a German page.
ENTRIES = [entry for path in CATALOGUES for entry in polib.pofile(str(path))]
MSGIDS = {entry.msgid for entry in ENTRIES} - {said for entry in ENTRIES for said in _said(entry)}
SPOKEN = {"alt", "title", "placeholder", "aria-label"}
EMPTY = {"meta", "link", "input", "br", "img", "path", "circle", "hr", "wbr"}


class Reader(HTMLParser):
    """Collects what a page says in its own language: no words of people, of programs, of others."""

    def __init__(self) -> None:
        super().__init__()
        self.said: list[str] = []
        self.path: list[tuple[str, bool]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        silent = (
            tag in {"script", "style", "code", "svg"}
            or given.get("lang", "de") != "de"
            or "peer-text" in given.get("class", "")
        )
        if not silent and not self._is_silent():
            self.said += [v for k, v in given.items() if k in SPOKEN or k.endswith("-words")]
        if tag not in EMPTY:
            self.path.append((tag, silent))

    def handle_endtag(self, tag: str) -> None:
        while self.path and self.path.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        if not self._is_silent() and data.strip():
            self.said.append(" ".join(data.split()))

    def _is_silent(self) -> bool:
        return any(silent for _tag, silent in self.path)


def _leftover(page: str) -> list[str]:
    """Return what a German page says in English: a whole msgid, or words that German lacks."""
    reader = Reader()
    reader.feed(page)
    return [
        said
        for said in reader.said
        if said != "Isle of Man"
        and (said in MSGIDS or ENGLISH & set(re.findall(r"[\w.-]+", said.casefold())))
    ]


OF_A_GROUP = ("group", "post-new", "group-edit", "group-moderators", "group-requests")
OF_A_TEXT = ("thread", "text-edit", "text-delete", "text-history")


def _plain_paths(patterns: list[Any], prefix: str = "") -> Iterator[str]:
    """Return the addresses that take no arguments."""
    for pattern in patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from _plain_paths(pattern.url_patterns, route)
        elif isinstance(pattern, URLPattern) and "<" not in route:
            yield "/" + re.sub(r"[\^$\\]|\\Z", "", route)


@pytest.fixture
def paths(person: Callable[..., User], group: Group, join: Callable[..., Any]) -> list[str]:
    """The addresses of a small place in which something of everything has happened."""
    ash, kim = person("ash"), person("kim", language="de")
    mod = person("first-mod", Role.MODERATOR)
    group.name, group.about = "Graue Tage", "Wenn alles schwer ist."
    group.save()
    join(ash, group)
    join(kim, group)
    post = write_post(by=kim, group=group, body="xyz")
    reply = write_reply(by=ash, post=post, body="xyz")
    made = reports.report(by=kim, text=reply.text, reason="other")
    about = reports.report(by=ash, text=post.text, reason="insult")
    talk.write_to_person(by=mod, case=about.case, body="xyz")
    measures.warn(by=mod, case=about.case, reason="other")
    now = timezone.now()
    asked = []
    for wave, instrument in enumerate(("phq-9", "ruler-readiness", "rosenberg")):
        asked.append(questionnaires.administer(
            by=None, person=kim, instrument=instrument, wave=str(wave), source="trial:x",
            opens_at=now - timedelta(days=1), closes_at=now + timedelta(days=1),
        ))  # fmt: skip
    questionnaires.answer(by=kim, administration=asked[0], item=9, value=1, language="de")
    questionnaires.answer(by=kim, administration=asked[1], item=1, value=1, language="de")
    return [
        *(reverse("measure", args=[one.public_id]) for one in asked),
        *(reverse("measure-item", args=[one.public_id, 1]) for one in asked),
        reverse("measure-help", args=[asked[0].public_id]),
        reverse("measure-end", args=[asked[1].public_id]),
        *(p for p in _plain_paths(get_resolver().url_patterns) if not p.startswith("/api/")),
        *(reverse(name, args=[group.slug]) for name in OF_A_GROUP),
        *(reverse(name, args=[post.text.public_id]) for name in OF_A_TEXT),
        *(reverse(name, args=[about.case.public_id]) for name in ("case", "conversation")),
        reverse("person", args=[ash.handle]),
        reverse("report-new", args=["text", reply.text.public_id]),
        reverse("report", args=[made.public_id]),
    ]


def _german_pages(client: Client, paths: list[str]) -> dict[str, str]:
    pages = {}
    if "_auth_user_id" in client.session:
        # Signed in a moment ago: pages about the account itself open without asking again.
        client.post(reverse("account_reauthenticate"), {"password": "a long enough pass phrase"})
    for path in paths:
        if "logout" in path:
            continue
        answer = client.get(path, headers={"Accept-Language": "de"})
        if "text/html" in answer.headers.get("Content-Type", "") and answer.content:
            pages[path] = answer.content.decode()
    return pages


def test_english_left_on_a_page_is_found() -> None:
    assert _leftover("<p>Nichts Neues</p><p lang='en'>of it</p><p>Sign in</p><b>one of it</b>") == [
        "Sign in",
        "one of it",
    ]


@pytest.mark.parametrize("role", ["stranger", "writer", *Role])
def test_no_page_has_english_left_in_it(
    role: str,
    paths: list[str],
    person: Callable[..., User],
    sign_in: Callable[[User], Client],
) -> None:
    client = Client()
    if role == "writer":
        client = sign_in(User.objects.get(handle="kim"))
    elif role != "stranger":
        client = sign_in(person("robin", Role(role), language="de", offers_support=True))
    pages = _german_pages(client, paths)
    assert len(pages) > 10
    assert {path for path, page in pages.items() if '<html lang="de"' not in page} == set()
    left = {path: said for path, page in pages.items() if (said := _leftover(page))}
    assert left == {}


@pytest.mark.parametrize("name", ["account_login", "account_signup", "post-new", "report-new"])
def test_what_a_form_finds_wrong_is_told_in_german(
    name: str, paths: list[str], group: Group, sign_in: Callable[[User], Client]
) -> None:
    own = {"post-new": [group.slug], "report-new": ["person", "ash"]}.get(name)
    client = sign_in(User.objects.get(handle="kim")) if own else Client()
    wrong = {"email": "x", "login": "x", "birth_year": "1", "birth_month": "x", "key": "x" * 99}
    answer = client.post(reverse(name, args=own), wrong, headers={"Accept-Language": "de"})
    page = answer.content.decode()
    assert "errorlist" in page
    assert _leftover(page) == []


def test_dates_and_numbers_are_written_as_germans_do(
    paths: list[str], sign_in: Callable[[User], Client]
) -> None:
    kim = User.objects.get(handle="kim")
    client = sign_in(kim)
    report = paths[-1]
    german = r"\d{1,2}\. [A-ZÄ]\w+ \d{4} \d\d:\d\d"
    assert re.search(german, client.get(report).content.decode())
    User.objects.filter(pk=kim.pk).update(language="en")
    assert not re.search(german, client.get(report).content.decode())


@pytest.mark.parametrize("code", [400, 500])
def test_pages_for_what_broke_are_in_german_too(code: int) -> None:
    with translation.override("de"):
        page = render_to_string(f"{code}.html")
    assert '<html lang="de"' in page
    assert "112 in Europa" in page
    assert _leftover(page) == []
