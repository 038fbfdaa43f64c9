"""Forms as plain text: what is read, what is refused and how it is told, and that what is written reads as it was."""

import re
from dataclasses import replace
from itertools import product
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from handlers.forms.notation import (
    LARGEST,
    MOST_QUESTIONS,
    Fault,
    Unreadable,
    Written,
    faults_text,
    own_words,
    read,
    write,
)
from handlers.forms.notation.parentheses import MARKS, MOST_POINTS, balanced, has_words
from handlers.forms.notation.reading import LONGEST_LINE, cleaned
from handlers.forms.notation.words import OTHER, folded
from handlers.layout import TEXT_LENGTH
from handlers.texts import LANGUAGES, catalogue, texts
from models.forms.builtin_forms import BUILT_IN, FIELD, ORGANISATION, YES_OR_NO, BuiltIn
from models.forms.items import Choice, Item, QuestionKind, identified, identity_of

OWN = own_words()
GUIDE = (Path(__file__).parents[3] / "docs" / "forms.md").read_text(encoding="utf-8")


def items(text: str) -> tuple[Item, ...]:
    return read(text, own_words=OWN).items


def one(line: str) -> Item:
    (item,) = items(line)
    return item


def faults(text: str) -> list[tuple[int | None, str]]:
    with pytest.raises(Unreadable) as refused:
        read(text, own_words=OWN)
    return [(fault.line, fault.key) for fault in refused.value.faults]


def fault(line: str) -> str:
    ((number, key),) = faults(line)
    assert number == 1
    return key


def statement(text: str, **values: object) -> Item:
    return identified(replace(Item(QuestionKind.SCALE, text, low=1, high=5), **values))


def said(item: Item) -> list[str | None]:
    """The options as written; of the catalogues' own their identity."""
    return [choice.text or choice.identity for choice in item.choices]


# What is read


def test_a_line_is_a_statement_and_a_line_that_asks_is_open() -> None:
    assert one("Kokous oli hyvä") == statement("Kokous oli hyvä")
    assert one("Mikä oli parasta?") == identified(Item(QuestionKind.OPEN, "Mikä oli parasta?"))
    assert one("Mikä oli parasta? 🙂").kind is QuestionKind.OPEN


@pytest.mark.parametrize("dash", ["-", " - ", "–", "—", "−", "‑", "…", "...", "－"])
def test_scales(dash: str) -> None:
    assert one(f"Sujui (1{dash}4)") == statement("Sujui", high=4)
    assert one(f"Sujui (Asteikko: 1{dash}4)") == one(f"Sujui (skala 1{dash}4)") == statement("Sujui", high=4)
    assert one(f"Sujui（０{dash}９）") == statement("Sujui", low=0, high=9)


@pytest.mark.parametrize(
    "names",
    [
        *("huono - erittäin hyvä", "huono – erittäin hyvä", "huono ... erittäin hyvä", "huono…erittäin hyvä"),
        *("huono / erittäin hyvä", "huono/erittäin hyvä", "huono-erittäin hyvä", "huono -erittäin hyvä"),
        *("1 = huono, 7 = erittäin hyvä", "1=huono 7=erittäin hyvä", "1 = huono - 7 = erittäin hyvä"),
    ],
)
@pytest.mark.parametrize("before", [" ", ", ", ": "])
def test_the_ends_of_a_scale_have_names(names: str, before: str) -> None:
    expected = statement("Sujui", high=7, low_name="huono", high_name="erittäin hyvä")
    assert one(f"Sujui (1-7{before}{names})") == expected
    assert one(f"Sujui (1-7{before}{names}, eos)") == replace(expected, dont_know=True)


@pytest.mark.parametrize(
    "words", ["eos", "EOS", "en osaa sanoa", "vet inte", "kan inte säga", "don't know", "don’t know", "can't say"]
)
def test_a_scale_may_have_cannot_say(words: str) -> None:
    assert one(f"Sujui (1-5, {words})") == statement("Sujui", dont_know=True)
    assert one(f"Sujui (1-5 {words})") == one(f"Sujui ({words})") == statement("Sujui", dont_know=True)


@pytest.mark.parametrize("words", ["kyllä/ei", "Kyllä / ei", "ja/nej", "yes/no", "yes - no", "kyllä, ei"])
def test_yes_or_no(words: str) -> None:
    assert one(f"Jatketaanko? ({words})") == identified(Item(QuestionKind.YES_NO, "Jatketaanko?", choices=YES_OR_NO))
    assert one(f"Jatketaanko ({words})?") == identified(Item(QuestionKind.YES_NO, "Jatketaanko?", choices=YES_OR_NO))


@pytest.mark.parametrize("head", ["yksi", "Yksi ", "en", "ett", "one"])
def test_one_of_the_options(head: str) -> None:
    item = one(f"Kumpi? ({head}: juna / auto)")
    assert (item.kind, said(item), item.other) == (QuestionKind.SINGLE, ["juna", "auto"], False)


@pytest.mark.parametrize("head", ["monta", "flera", "several"])
@pytest.mark.parametrize("other", ["muu", "muu, mikä?", "Muu, mikä", "annat", "annat, vad?", "other", "other, what?"])
def test_several_of_the_options_and_one_of_ones_own(head: str, other: str) -> None:
    item = one(f"Mitä? ({head}: juna ja/tai bussi; auto; {other})")
    assert (item.kind, said(item), item.other) == (QuestionKind.SEVERAL, ["juna ja/tai bussi", "auto"], True)
    assert said(one(f"Mitä? ({head}: juna, auto, {other})")) == ["juna", "auto"]


def test_options_may_be_listed_or_hold_parentheses() -> None:
    assert said(one("Kumpi? (yksi: a) juna / b) auto)")) == ["juna", "auto"]
    assert said(one("Kumpi? (yksi: juna (hidas) / auto (oma))")) == ["juna (hidas)", "auto (oma)"]
    assert said(one("Kumpi? (yksi: juna / / auto /)")) == ["juna", "auto"]
    assert said(one("Millä luokalla? (yksi: 1. luokka / 2. luokka)")) == ["1. luokka", "2. luokka"]


@pytest.mark.parametrize("words", ["pakollinen", "obligatorisk", "required"])
def test_required(words: str) -> None:
    assert one(f"Sujui ({words})") == statement("Sujui", required=True)
    assert one(f"Sujui (1-4, eos, {words})") == statement("Sujui", high=4, dont_know=True, required=True)
    assert one(f"Parasta? (avoin, {words})").required
    assert one(f"Toimiala (toimiala, {words})").required
    assert one(f"Kumpi? (yksi: juna / auto, {words})").required
    voluntary = one(f"Se on (yksi: vapaaehtoinen / {words})")
    assert said(voluntary) == ["vapaaehtoinen", words]
    assert not voluntary.required


def test_open() -> None:
    for word in ("avoin", "öppen", "open"):
        assert one(f"Terveiset ({word})") == identified(Item(QuestionKind.OPEN, "Terveiset"))


def test_background() -> None:
    for word in ("organisaatio", "taustaorganisaatio", "organisation"):
        assert one(f"Mistä tulet? ({word})") == identified(replace(ORGANISATION, text="Mistä tulet?"))
        assert one(f"({word})") == identified(ORGANISATION)
    for word in ("toimiala", "verksamhetsområde", "field"):
        assert one(f"2. ({word})") == identified(FIELD)
    assert one("Taustaorganisaatiosi (organisaatio)") == identified(ORGANISATION)
    assert one("Taustaorganisaatiosi?") == identified(Item(QuestionKind.OPEN, "Taustaorganisaatiosi?"))


def test_marks_of_lists_empty_lines_and_what_is_not_seen_are_left_out() -> None:
    text = "\ufeffNimi: Oma\r\n\r\n1. Yksi asia\r\n2)\u00a0Toinen\u200b asia (1\u20134)\n"
    text += "\u2022 Kolmas\n- Neljäs\u202e\n5.\n10.30 alku"
    form = read(text, own_words=OWN)
    assert form.name == "Oma"
    assert [item.text for item in form.items] == ["Yksi asia", "Toinen asia", "Kolmas", "Neljäs", "10.30 alku"]
    assert form.items[1].high == 4


def test_the_first_line_may_be_a_name() -> None:
    for word in ("Nimi", "namn", "NAME"):
        assert read(f"\n{word}: Oma lomake\nSujui", own_words=OWN) == Written("Oma lomake", (statement("Sujui"),))
    assert read("Nimi:\nSujui", own_words=OWN).name is None
    assert read("Sujui\nNimi: Oma", own_words=OWN).items[1].text == "Nimi: Oma"


def test_parentheses_that_belong_to_the_sentence_end_in_a_full_stop() -> None:
    for line in ("Sain tietoa ajoissa (kutsu, muistio).", "Vuosi meni hyvin (2026-2027).", "Kiitos :) 🙂"):
        assert one(line) == statement(line)
    assert one("Saitko tietoa (kutsu, muistio)?") == identified(
        Item(QuestionKind.OPEN, "Saitko tietoa (kutsu, muistio)?")
    )
    assert one("Sujui (1-4).") == statement("Sujui", high=4)
    assert one("Sujui ()") == statement("Sujui")


@pytest.mark.parametrize("language", LANGUAGES)
def test_words_of_the_catalogues_are_known_in_every_language(language: str) -> None:
    words = catalogue(language)["statement-content-met-expectations"][0]
    assert one(f"{words.upper()}.") == Item(QuestionKind.SCALE, identity="content-met-expectations", low=1, high=5)
    options = [catalogue(language)[f"option-{key}"][0] for key in ("remote", "on_site")]
    assert one(f"Miten? (yksi: {options[0]} / {options[1]})").choices == (
        Choice(identity="remote"),
        Choice(identity="on_site"),
    )


# What is refused


@pytest.mark.parametrize(
    ("line", "key"),
    [
        ("x" * 201, "text-long"),
        ("x" * (LONGEST_LINE + 1), "line-long"),
        ("(1-4)", "text-missing"),
        ("🙂🙂 (avoin)", "text-wordless"),
        ("---", "text-wordless"),
        ("Sujui (1-4", "parentheses"),
        ("Sujui 1-4)", "parentheses"),
        ("Kumpi? (yksi: juna (hidas) / auto", "parentheses"),
        ("Kumpi? (yksi: juna (hidas / auto)", "parentheses"),
        ("Tietoa ajoissa (kutsu, muistio)", "unknown"),
        ("Kumpi? (juna / auto)", "one-or-several"),
        *((f"Sujui ({bad})", "scale") for bad in ("0-10", "1-11", "5-1", "1-1", "2-5", "2026-2027", "0-0")),
        ("Osallistuin (1-2 kertaa)", "ends"),
        ("Sujui (1-5 huono -)", "ends"),
        (f"Sujui (1-5 huono - {'x' * 61})", "end-long"),
        (f"Sujui (1-5 huono - {'x' * 600})", "end-long"),
        ("Sujui (1-5 👎 - hyvä)", "end-wordless"),
        ("Jatketaanko? (kyllä/ei, eos)", "dont-know"),
        ("Parasta? (eos)", "dont-know"),
        ("Kumpi? (yksi: juna / auto, eos)", "dont-know"),
        ("Kumpi? (yksi: )", "options-none"),
        ("Kumpi? (yksi: juna)", "options-one"),
        ("Kumpi? (yksi: muu, mikä?)", "options-one"),
        (f"Kumpi? (yksi: {' / '.join(map(str, range(13)))})", "options-many"),
        (f"Kumpi? (yksi: {'x' * 201} / auto)", "option-long"),
        ("Kumpi? (yksi: 🚂 / auto)", "option-wordless"),
        ("Kumpi? (yksi: juna / Juna.)", "option-twice"),
        ("Kumpi? (yksi: juna / muu / annat, vad?)", "option-twice"),
        ("Kumpi? (yksi: Etänä / På distans)", "option-twice"),
    ],
)
def test_what_cannot_be_read_is_told(line: str, key: str) -> None:
    assert fault(line) == f"notation-{key}"


def test_the_largest_of_everything_is_read() -> None:
    assert one("x" * 200).text == "x" * 200
    assert one(f"Kumpi? (yksi: {' / '.join(f'{n:0200}' for n in range(11))} / muu)").other
    assert one(f"Sujui (1-5 {'x' * 60} - {'y' * 60})").high_name == "y" * 60
    assert len(items("\n".join(f"Asia {n}" for n in range(MOST_QUESTIONS)))) == MOST_QUESTIONS


def test_all_faults_are_found_each_with_its_line() -> None:
    text = "Nimi: 🙂\n\nSujui\nKumpi? (yksi: a)\nSUJUI. (1-4)\nA (toimiala)\nB (field)\nC (yksi: 🙂 / b / B)\nSujui (x)"
    assert faults(text) == [
        (1, "notation-name-wordless"),
        (4, "notation-options-one"),
        (5, "notation-question-twice"),
        (7, "notation-background-twice"),
        (8, "notation-option-wordless"),
        (8, "notation-option-twice"),
        (9, "notation-unknown"),
        (9, "notation-question-twice"),
    ]
    assert faults(f"Nimi: {'x' * 61}\nSujui") == [(1, "notation-name-long")]


def test_each_fault_is_told_once_and_its_line_too() -> None:
    with pytest.raises(Unreadable) as refused:
        read("Kumpi? (yksi: a / 🙂 / 🙂 / A)\nSujui\nSujui (x)", own_words=OWN)
    assert [(one.line, one.key) for one in refused.value.faults] == [
        (1, "notation-option-wordless"),
        (1, "notation-option-twice"),
        (3, "notation-unknown"),
        (3, "notation-question-twice"),
    ]
    message = faults_text(texts("fi"), refused.value.faults).striptags()
    assert [message.count(f"Rivi {line} (") for line in (1, 3)] == [1, 1]
    assert [message.count(said) for said in ("ei ole sanoja", "on kahdesti", "jo rivillä 2")] == [1, 1, 1]
    assert message.startswith("4 kohtaa")


@pytest.mark.parametrize("text", ["", "\n \n", "Nimi: Tyhjä", "1.\n2.", "\u200b\u202e"])
def test_a_form_has_questions(text: str) -> None:
    assert faults(text) == [(None, "notation-none")]


def test_a_form_of_a_hundred_questions_is_refused_with_their_number() -> None:
    with pytest.raises(Unreadable) as refused:
        read("\n".join(f"Asia {n}" for n in range(100)), own_words=OWN)
    assert refused.value.faults == (Fault(None, "notation-too-many", {"n": 100, "most": 30}),)
    assert "100" in faults_text(texts("fi"), refused.value.faults)


@pytest.mark.parametrize("language", LANGUAGES)
def test_faults_are_told_in_every_language_and_fit_in_a_message(language: str) -> None:
    t = texts(language)
    text = "\n".join(["Nimi: <b>🙂", *(f"<i>Asia</i> {n} (x{'y' * 900})" for n in range(31)), "🙂 (yksi: a"])
    with pytest.raises(Unreadable) as refused:
        read(text, own_words=OWN)
    message = faults_text(t, refused.value.faults)
    assert len(message.striptags()) < TEXT_LENGTH
    assert "&lt;i&gt;Asia&lt;/i&gt; 0" in message
    values = dict.fromkeys(("n", "most", "low", "high", "first", "words"), 3)
    keys = [key for key in catalogue(language) if re.match("notation-(?!word-|fault)", key)]
    assert len(keys) > 20
    for key in keys:
        assert "{" not in faults_text(t, [Fault(3, key, values, "Asia")])


@pytest.mark.parametrize("language", LANGUAGES)
def test_examples_in_the_faults_read(language: str) -> None:
    told = " ".join(forms[0] for key, forms in catalogue(language).items() if key.startswith("notation-"))
    examples = [
        example for example in re.findall(r"\([^(){}”“]*\)", told) if not re.match(r"\((kutsu|kall|inv)", example)
    ]
    assert len(examples) >= 20
    for example in examples:
        assert len(items(f"Asia {example}")) == 1, example


@pytest.mark.parametrize(
    "text",
    [
        *("(" * LARGEST, ")" * LARGEST, "?" * LARGEST, "🙂\n" * (LARGEST // 2), "x" * 1_000_000, "\n" * LARGEST),
        *(("(yksi:" * 499 + "\n") * 33, ("Asia (" + ",eos" * 740 + ")\n") * 33, ("Asia (" + "/" * 2900 + ")\n") * 33),
        *(("Asia (1-5 " + " -" * 115 + ")\n") * 400, ("Asia (1-5 1=" + "1=,;" * 55 + ")\n") * 400),
        *(("a" + "\u0301\u0316" * 1400 + "\n") * 33, ("Asia (yksi:" + "a/" * 1400 + ")\n") * 33),
        *(("?-" * 1490 + "\n") * 33, ("-" * 2990 + ")\n") * 33, ("(1-5)" * 590 + "x\n") * 33),
    ],
    ids=lambda text: ascii(text[:12]),
)
def test_garbage_is_refused(text: str) -> None:
    assert faults(text)


# What is written


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("form", BUILT_IN.values(), ids=lambda form: form.key)
def test_built_in_forms_are_written_as_they_read(form: BuiltIn, language: str) -> None:
    text = write("Oma", form.items, texts(language))
    assert read(text, own_words=OWN) == Written("Oma", tuple(map(identified, form.items)))


SIGNS = "()-–…/;,:=?.!1234590&<>•🙂\u0301"
PIECES = st.one_of(
    st.text(alphabet=SIGNS + "abäöÅ ", max_size=6),
    st.text(max_size=4),
    st.sampled_from(
        [
            *("(1-5", "1-5)", "1.", "- ", "1) ", "Nimi: ", "(yksi: ", "(flera: ", "one: ", " / ", "; ", ", ", "eos"),
            *("pakollinen", "kyllä/ei", "muu, mikä?", "(avoin)", "(field)", ").", ")?", " - ", "5 = ", "1 = ", "a) "),
            *("Sujui ", "juna", "auto", "Etänä", "På plats", "Sisältö vastasi odotuksiani", "\u200d", "\u00a0", "１"),
        ]
    ),
)
WORDS = st.lists(PIECES, min_size=1, max_size=6).map("".join).map(cleaned)
OWN_STATEMENTS = sorted(set(OWN.statements.values()) - {"organisation", "field"})
OWN_OPTIONS = sorted(set(OWN.options.values()) - {"else", "organisation-other"})


def is_text(text: str) -> bool:
    return has_words(text) and len(text) <= 200 and text == cleaned(text) and identity_of(text) not in OWN.statements


def is_option(text: str) -> bool:
    """Options hold no ";" and no mark of a list, and are not "other"."""
    plain = has_words(text) and balanced(text) and ";" not in text and folded(text) not in OTHER
    return plain and identity_of(text) not in OWN.options and not MARKS.match(text)


QUESTIONS = WORDS.filter(is_text)
OPTIONS = st.one_of(
    WORDS.filter(is_option).map(lambda text: Choice(text, identity_of(text))),
    st.sampled_from(OWN_OPTIONS).map(lambda identity: Choice(identity=identity)),
)
ENDS = st.text(alphabet="abcäö 12()", min_size=1, max_size=60).map(cleaned)
ENDS = ENDS.filter(lambda name: has_words(name) and balanced(name))
NAMES = st.one_of(st.none(), WORDS.filter(lambda name: has_words(name) and len(name) <= 60))


@st.composite
def shapes(draw: st.DrawFn) -> Item:
    kind = draw(st.sampled_from(QuestionKind))
    required = draw(st.booleans())
    if kind is QuestionKind.SCALE:
        low = draw(st.integers(0, 1))
        low_name, high_name = draw(st.one_of(st.just((None, None)), st.tuples(ENDS, ENDS)))
        high = draw(st.integers(low + 1, low + MOST_POINTS - 1))
        item = Item(kind, low=low, high=high, low_name=low_name, high_name=high_name, dont_know=draw(st.booleans()))
    elif kind is QuestionKind.YES_NO:
        item = Item(kind, choices=YES_OR_NO)
    elif kind is QuestionKind.OPEN:
        item = Item(kind)
    else:
        other = draw(st.booleans())
        most, least = 12 - other, 2 - other
        choices = st.lists(OPTIONS, min_size=least, max_size=most, unique_by=lambda choice: choice.identity)
        item = Item(kind, choices=tuple(draw(choices)), other=other)
    return replace(item, required=required)


@st.composite
def written(draw: st.DrawFn) -> Item:
    shape = draw(shapes())
    if draw(st.booleans()):
        text = draw(QUESTIONS)
        return replace(shape, text=text, identity=identity_of(text))
    return replace(shape, identity=draw(st.sampled_from(OWN_STATEMENTS)))


@st.composite
def background(draw: st.DrawFn) -> Item:
    item = draw(st.sampled_from([ORGANISATION, FIELD]))
    return replace(item, text=draw(st.one_of(st.none(), QUESTIONS)), required=draw(st.booleans()))


FORMS = st.lists(
    st.one_of(written(), written(), background()), min_size=1, max_size=30, unique_by=lambda item: item.identity
)


@given(NAMES, FORMS, st.sampled_from(LANGUAGES))
def test_what_is_written_reads_as_it_was(name: str | None, form: list[Item], language: str) -> None:
    assert read(write(name, form, texts(language)), own_words=OWN) == Written(name, tuple(form))


LINES = st.lists(PIECES, max_size=8).map("".join)


@given(st.one_of(st.text(st.characters()), st.lists(LINES, max_size=4).map("\n".join), LINES))
def test_any_text_is_read_or_refused_and_what_is_read_is_written(text: str) -> None:
    try:
        form = read(text, own_words=OWN)
    except Unreadable as refused:
        faults_text(texts("fi"), refused.faults)
        return
    for language in LANGUAGES:
        assert read(write(form.name, form.items, texts(language)), own_words=OWN) == form


SPECS = st.lists(PIECES, max_size=6).map("".join)
HEADS = st.sampled_from(
    ["1-5 ", "0-4, ", "yksi: ", "monta: ", "", "yksi: a / b", "one: x; y;", "1-5 a - b", "1-5 1 = "]
)


@given(HEADS, SPECS, st.sampled_from(["", ".", "?", " 🙂"]))
def test_any_parentheses_are_read_or_refused_and_written(head: str, spec: str, tail: str) -> None:
    try:
        form = read(f"Asia ({head}{spec}){tail}", own_words=OWN)
    except Unreadable:
        assume(False)
        return
    for language in LANGUAGES:
        assert read(write(form.name, form.items, texts(language)), own_words=OWN) == form


# The guide


def test_every_form_in_the_guide_reads() -> None:
    blocks = re.findall(r"```\n(.*?)```", GUIDE, re.DOTALL)
    forms = [read(block, own_words=OWN) for block in blocks]
    assert [form.name for form in forms] == ["Työpajapalaute", "Workshoprespons", "Workshop feedback", None]
    kinds = [[(item.kind, item.required, item.dont_know, item.other) for item in form.items] for form in forms[:3]]
    assert kinds[0] == kinds[1] == kinds[2]
    assert {item.kind for item in forms[0].items} == set(QuestionKind)


def test_all_parentheses_in_the_guide_read() -> None:
    spans = re.findall(r"`(\([^`]*\))`", GUIDE)
    assert len(spans) > 30
    for span in spans:
        assert len(items(f"Asia {span}")) == 1, span


def test_the_guide_names_the_limits() -> None:
    for limit in (f"1–{MOST_QUESTIONS} questions", f"2–{MOST_POINTS} points", "2–12 of them", "200 characters at most"):
        assert limit in GUIDE


def test_words_that_are_written_are_understood() -> None:
    for language, kind in product(LANGUAGES, ("yes-no", "open", "organisation", "field", "required", "dont-know")):
        assert items(f"Asia ({catalogue(language)[f'notation-word-{kind}'][0]})")
