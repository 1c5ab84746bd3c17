"""The events of the page as Gradio calls them: arguments are typed and bounded, and an error is only ever words."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Annotated, Any, TypeVar

import gradio as gr
from pydantic import ConfigDict, Field, Json, TypeAdapter, ValidationError, validate_call

from qa.app.render import inert
from qa.app.safety import tell
from qa.errors import QAError

PICKED = 1000  # documents that can be ticked
PASTED = 1_000_000  # characters that the box takes, so that too long a question is refused in words and not cut

Browser = Annotated[str, Field(pattern="^[0-9a-f]{32}$")]  # its secret, as page.js makes it
Files = Annotated[list[str], Field(max_length=1000)]
Name = Annotated[str, Field(max_length=4000)]
Number = Annotated[int, Field(ge=0)]
PageNumber = Annotated[str, Field(pattern="^[0-9]{1,6}$")]
Picked = Json[Annotated[list[Name], Field(max_length=PICKED)]]  # documents by their ids, as page.js writes them
Question = Annotated[str, Field(max_length=PASTED)]
Strictness = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Tab = Annotated[str, Field(max_length=32)]
TopK = Annotated[float, Field(ge=1, le=20, allow_inf_nan=False)]
Words = Annotated[str, Field(max_length=1000)]

STRICT = ConfigDict(strict=True, arbitrary_types_allowed=True)

T = TypeVar("T")


def event(act: Callable[..., Any]) -> Callable[..., Any]:
    """The function for Gradio to call: `act`, which is given no argument of another type than it declares.

    A toast is HTML, so the words of every error are made inert here, and nowhere else.
    """
    checked = validate_call(config=STRICT)(act)

    @wraps(act)
    def at_once(*sent: Any) -> Any:
        with _telling():
            return checked(*sent)

    @wraps(act)
    def bit_by_bit(*sent: Any) -> Iterator[Any]:
        with _telling():
            yield from checked(*sent)

    return bit_by_bit if inspect.isgeneratorfunction(act) else at_once


def said(data: gr.EventData, name: str, kind: type[T]) -> T:
    """The value that an event carries under this name. Raises: ValidationError when it is of another kind."""
    held = vars(data)["_data"]
    return TypeAdapter(kind).validate_python(held.get(name) if isinstance(held, dict) else None, strict=True)


@contextmanager
def _telling() -> Iterator[None]:
    try:
        yield
    except ValidationError as error:
        words = "The page is out of date, or sent what cannot be used. Please reload it."
        raise gr.Error(words, print_exception=False) from error
    except QAError as error:
        raise gr.Error(inert(tell(error)), print_exception=False) from error
