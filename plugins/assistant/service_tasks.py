"""What a drawing can ask a language model. Its answer is data: no answer stops a process."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Annotated, Any, TypedDict

from engine.context import Context
from engine.errors import CallwrightError, Problem, TechnicalFailure
from engine.i18n import _
from engine.plugin import Field, checks, service_task
from engine.values import read_toml
from plugins.assistant import rules
from plugins.assistant.rules import Completion, Suggestion
from plugins.assistant.services import SECRET, SECRETS, ask
from plugins.http.public import read_secret

USUAL_THRESHOLD = Decimal("0.8")

Wrong = Annotated[
    str | None, Field(label=_("What is wrong with the answer"), help=_("A word of the README, or null."))
]
TokenCount = Annotated[
    int | None, Field(label=_("Tokens"), help=_("Of question and answer, where the model says so."))
]


class BadQuestion(TechnicalFailure):
    """This cannot be asked."""

    code = "bad_input"


class Classified(TypedDict):
    """What the model would choose, and whether a person is needed."""

    choice: Annotated[
        str | None, Field(label=_("Choice"), help=_("One of the choices that were given, or null."))
    ]
    confidence: Annotated[
        Decimal | None,
        Field(label=_("Confidence"), help=_("From 0 to 1, as the model says of itself, or null.")),
    ]
    reason: Annotated[
        str | None, Field(label=_("Reason"), help=_("In the model's words: not to be relied on."))
    ]
    sure: Annotated[
        bool,
        Field(
            label=_("Sure enough"), help=_("Where false, a person decides: a gateway behind it asks this.")
        ),
    ]
    problem: Wrong
    token_count: TokenCount


class Drafted(TypedDict):
    """What the model would write."""

    text: Annotated[
        str | None, Field(label=_("Draft"), help=_("For a person to check, before anybody else sees it."))
    ]
    problem: Wrong
    token_count: TokenCount


@service_task("classify", title=_("Let a language model choose"))
def classify(
    ctx: Context,
    text: Annotated[
        str,
        Field(label=_("Text"), help=_("What is sorted. It leaves the building: map no more than is needed.")),
    ],
    choices: Annotated[
        dict[str, Any],
        Field(
            label=_("Choices"), help=_('Name to description: {water: "Pipes and drains", roads: "Streets"}.')
        ),
    ],
    instructions: Annotated[
        str | None, Field(label=_("Instructions"), help=_("What the model should know to choose well."))
    ] = None,
    threshold: Annotated[
        Decimal | None,
        Field(
            label=_("How sure it must be"),
            help=_("From 0 to 1; 0.8 if empty. A model that is less sure leaves it to a person."),
        ),
    ] = None,
) -> Classified:
    """Ask a language model which of several choices fits a text, and how sure it is."""
    least = USUAL_THRESHOLD if threshold is None else threshold
    if not 0 <= least <= 1:
        raise _bad(
            _("The threshold is %(value)s. Write a number from 0 to 1, such as 0.8."), value=str(least)
        )
    told = _choices(choices)
    _check_instructions(instructions)
    completion = _refused(text) or ask(
        ctx,
        rules.classify_messages(text, told, instructions or ""),
        response_format={"type": "json_object"},
    )
    if completion.text is None:
        suggestion = Suggestion(problem=completion.problem)
    else:
        suggestion = rules.read_suggestion(completion.text, list(told))
    return {
        "choice": suggestion.choice,
        "confidence": suggestion.confidence,
        "reason": suggestion.reason,
        "sure": suggestion.confidence is not None and suggestion.confidence >= least,
        "problem": suggestion.problem,
        "token_count": completion.token_count,
    }


@service_task("draft", title=_("Let a language model draft a text"))
def draft(
    ctx: Context,
    text: Annotated[
        str,
        Field(
            label=_("Text"),
            help=_("What the draft is about. It leaves the building: map no more than is needed."),
        ),
    ],
    instructions: Annotated[
        str, Field(label=_("Instructions"), help=_("What is to be written, for whom, in which language."))
    ],
) -> Drafted:
    """Ask a language model for a draft that a person checks before it is used."""
    if not instructions:
        raise _bad(_("There are no instructions. Say what is to be written."))
    _check_instructions(instructions)
    completion = _refused(text) or ask(ctx, rules.draft_messages(text, instructions))
    return {
        "text": completion.text,
        "problem": completion.problem,
        "token_count": completion.token_count,
    }


@checks("url")
def url_problems(text: str) -> Sequence[Problem]:
    """Say what is wrong with the address of the model."""
    return list(rules.url_problems(text))


@checks("secret")
def secret_problems(name: str) -> Iterator[Problem]:
    """Say whether a secret of this name is set where the product runs."""
    try:
        if name:
            read_secret(name, shelf=SECRETS)
    except CallwrightError as error:
        yield Problem(path=SECRET, message=error.message, params=error.params)


@checks("options")
def option_problems(text: str) -> Sequence[Problem]:
    """Say what cannot be asked of the model."""
    return list(rules.option_problems(read_toml(text.encode())))


@checks("time_limit_s")
def limit_problems(limit_s: int) -> Sequence[Problem]:
    """Say whether the model may take so long."""
    return list(rules.limit_problems(limit_s))


def _refused(text: str | None) -> Completion | None:
    """Return what comes of a text that no model is asked about; a person reads it."""
    if not text or not text.strip():
        return Completion(text=None, problem="no_text")
    if len(text) > rules.LONGEST_TEXT:
        return Completion(text=None, problem="text_too_long")
    return None


def _choices(choices: Mapping[str, Any] | None) -> dict[str, str]:
    told = {name: "" if said is None else str(said) for name, said in (choices or {}).items()}
    if not 2 <= len(told) <= rules.MOST_CHOICES:
        raise _bad(_("There must be 2 to %(most)s choices."), most=rules.MOST_CHOICES)
    for name, description in told.items():
        if not name.strip() or name != name.strip() or len(name) > rules.LONGEST_NAME:
            raise _bad(
                _("A choice's name has 1 to %(most)s characters, and no blanks around them."),
                most=rules.LONGEST_NAME,
            )
        if len(description) > rules.LONGEST_DESCRIPTION:
            raise _bad(
                _("The description of %(name)s has more than %(most)s characters."),
                name=name,
                most=rules.LONGEST_DESCRIPTION,
            )
    return told


def _check_instructions(instructions: str | None) -> None:
    if len(instructions or "") > rules.LONGEST_INSTRUCTIONS:
        raise _bad(_("The instructions have more than %(most)s characters."), most=rules.LONGEST_INSTRUCTIONS)


def _bad(message: str, **params: Any) -> BadQuestion:
    return BadQuestion(message, permanent=True, **params)
