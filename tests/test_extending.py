"""docs/extending.md names what exists, and a step that was forgotten is named by the test that fails."""

import re
import textwrap
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from handlers import menus, routes
from handlers.reports.digest import sheet
from handlers.texts import LANGUAGES, catalogue
from models.feedback.response import Response
from models.forms.builtin_forms import BUILT_IN
from models.forms.items import QuestionKind
from models.meetings.attendance import Attended, ways_to_attend
from models.meetings.invitations import Answer, answers_for
from models.meetings.meetings import Mode
from models.reports.funnel import Funnel

ROOT = Path(__file__).parent.parent
GUIDE = (ROOT / "docs/extending.md").read_text(encoding="utf-8")


@dataclass(frozen=True)
class Step:
    """A numbered line of the guide with its continuation lines and its example."""

    heading: str
    text: str

    @property
    def words(self) -> list[str]:
        """What stands between backticks, outside the example."""
        prose = re.sub(r"```.*?```", "", self.text, flags=re.DOTALL)
        return re.findall(r"`([^`]+)`", prose)

    @property
    def paths(self) -> list[str]:
        """Paths of files and folders, one for each language where LANG stands."""
        paths = [word for word in self.words if re.fullmatch(r"[\w./-]+(/|\.\w+)", word) and "/" in word]
        paths += [word for word in self.words if re.fullmatch(r"[\w.-]+\.(md|toml)", word)]
        return list(dict.fromkeys(path.replace("LANG", language) for path in paths for language in LANGUAGES))

    @property
    def names(self) -> list[str]:
        """Names in the code and keys of texts."""
        return [word for word in self.words if re.fullmatch(r"[\w.-]+", word) and not re.search(r"\.(md|toml)$", word)]

    @property
    def examples(self) -> list[str]:
        return [textwrap.dedent(code).strip() for code in re.findall(r"```\w+\n(.*?)```", self.text, re.DOTALL)]


def _steps() -> Iterator[Step]:
    for section in GUIDE.split("\n## ")[1:]:
        heading, _, body = section.partition("\n")
        for text in re.split(r"^(?=\d+\. )", body, flags=re.MULTILINE)[1:]:
            yield Step(heading, text)


STEPS = list(_steps())
each_step = pytest.mark.parametrize("step", STEPS, ids=lambda step: f"{step.heading} {step.text[:2]}")


@each_step
def test_what_a_step_names_is_there(step: Step) -> None:
    assert step.paths, "a step begins with the path of a file"
    missing = [path for path in step.paths if not (ROOT / path).exists()]
    assert not missing, f"docs/extending.md, {step.heading}: there is no {', '.join(missing)}"
    content = "\n".join((ROOT / path).read_text(encoding="utf-8") for path in step.paths if (ROOT / path).is_file())
    missing = [name for name in step.names if name not in content]
    assert not missing, f"docs/extending.md, {step.heading}: {', '.join(missing)} is in none of {step.paths}"


@each_step
def test_its_example_is_copied_from_its_file(step: Step) -> None:
    contents = [(ROOT / path).read_text(encoding="utf-8") for path in step.paths if (ROOT / path).is_file()]
    for example in step.examples:
        indented = [textwrap.indent(example, " " * spaces) for spaces in (0, 4, 8)]
        assert any(code in content for code in indented for content in contents), f"copy it anew:\n{example}"


def test_the_guide_is_short() -> None:
    assert len(GUIDE.splitlines()) <= 160
    assert len({step.heading for step in STEPS}) == 12


# What a forgotten step looks like


def need(keys: Iterable[str], of: str) -> None:
    """Every language has these texts."""
    missing = [f"{language}: {key}" for key in keys for language in LANGUAGES if key not in catalogue(language)]
    assert not missing, f"{of}: add to handlers/locales {', '.join(missing)}"


@pytest.mark.parametrize("name", routes.load().menu)
def test_a_command_has_its_text_and_its_place_in_the_menu(name: str) -> None:
    need([f"command-{name}"], f"/{name}")
    assert name in menus.ORDER, f"/{name}: add it to ORDER in handlers/menus.py"


@pytest.mark.parametrize("kind", QuestionKind)
def test_a_kind_of_question_has_its_texts_and_is_in_a_form_of_ours(kind: QuestionKind) -> None:
    need([f"forms-kind-{kind}", f"paper-kind-{kind}"], f"questions of kind {kind}")
    kinds = {item.kind for form in BUILT_IN.values() for item in form.items}
    assert kind in kinds, "add one to a form in models/forms/builtin_forms.py: the stories and the demo answer these"


@pytest.mark.parametrize("answer", Answer)
def test_an_answer_to_an_invitation_is_complete(answer: Answer) -> None:
    keys = ("answer-{}", "answer-{}-chosen", "card-you-{}", "toast-{}", "turnout-{}", "short-{}")
    need([key.format(answer) for key in keys], f"the answer {answer}")
    offering = [mode for mode in Mode if answer in answers_for(mode)]
    assert offering, f"{answer}: no mode offers it in answers_for of models/meetings/invitations.py"


@pytest.mark.parametrize("way", [attended for attended in Attended if attended.was_there])
def test_a_way_to_attend_is_complete(way: Attended) -> None:
    need([f"attended-{way}", f"present-{way}", f"heads-{way}"], f"the way to attend {way}")
    offering = [mode for mode in Mode if way in ways_to_attend(mode)]
    assert offering, f"{way}: no mode offers it in ways_to_attend of models/meetings/attendance.py"


@pytest.mark.parametrize("name", sorted({*sheet.FUNNEL_COLUMNS, *sheet.FLOWS, *sheet.OF_A_MEETING}))
def test_a_column_of_the_digests_workbook_has_its_figure_and_its_heading(name: str) -> None:
    need([f"sheet-{name}"], f"the column {name}")
    assert hasattr(Funnel(), name) or hasattr(Response(), name), (
        f"{name}: add a field with a default to Flow in models/reports/funnel.py"
    )
