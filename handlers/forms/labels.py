"""The words of forms, questions, options and the ends of scales, in the reader's language."""

from handlers.texts import Texts
from models.forms.forms import DONT_KNOW, OTHER, Form, Question
from models.forms.items import Item
from models.reports.statements import Statement
from models.results.aggregates import ELSE, Label, Result


def form_name(t: Texts, form: Form) -> str:
    """A form's name; a built-in form's in the reader's language."""
    return form.name or t(f"form-{form.key}").unescape()


def asked(t: Texts, words: Question | Label) -> str:
    """A question's words; a built-in question's in the reader's language."""
    return words.text or t(f"statement-{words.identity}").unescape()


def option(t: Texts, label: Label | None, value: int) -> str:
    """An option's words; without a label, the value of a scale."""
    if label is not None:
        return label.text or t(f"option-{label.identity}").unescape()
    return t("option-cannot-say").unescape() if value == DONT_KNOW else str(value)


def options(t: Texts, question: Question) -> dict[int, str]:
    """The words of all that can be chosen, by value."""
    of_question = question.options if question.has_options else []
    labels = {option.number: Label(option.identity, option.text) for option in of_question}
    labels |= {OTHER: ELSE} if question.other else {}
    return {value: option(t, labels.get(value), value) for value in question.values}


def ends(t: Texts, scale: Question | Item | Result | Statement) -> tuple[str, str]:
    """What the low and the high end of a scale mean: "1 = täysin eri mieltä"."""
    low, high = scale.low_name or t("scale-disagree"), scale.high_name or t("scale-agree")
    return (
        t("scale-end", value=scale.low or 0, words=low).unescape(),
        t("scale-end", value=scale.high or 0, words=high).unescape(),
    )
