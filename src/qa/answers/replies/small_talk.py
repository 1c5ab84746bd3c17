"""The replies to small talk: made by code from what is indexed, without a search, a language model or a citation.

What is small talk at all is decided in `courtesies`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from qa.answers.replies.courtesies import Topic, topic_of
from qa.answers.replies.wishes import Wish, nearest, read_wish
from qa.types import Answer, Record, titled

LISTED = 20  # documents that are named, and as many as a screen holds
EXAMPLES = 3
_FOR_EXAMPLE = "For example:"
_EMPTY = "There is no document to ask about yet. Index some with: qa ingest PATH"
_NEAREST = "The nearest names:"
_ASK = "Ask “Which documents are there?” to see what there is."
_NUMBER = re.compile(r"\d[\d,]*")
_PLAIN: dict[Topic, str] = {
    "goodbye": "Goodbye.",
    "thanks": "You are welcome.",
    "doubt": "I can only show what the documents say: open the numbers of an answer to read its passages whole. If "
    "another thing was meant, ask in the documents' own words, or name the document.",
    "fine": "Good. Ask on whenever you like.",
}


def reply_to(
    question: str, topic: Topic, *, records: Sequence[Record], examples: Callable[[], Sequence[str]]
) -> Answer:
    """The reply to small talk about this topic, where these documents may be asked, with questions that they answer."""
    blocks = _said(topic, len(records))
    if topic == "documents":
        blocks.append(_listed(records))
    asked = examples()[:EXAMPLES] if records and topic not in _PLAIN else ()
    if asked:
        blocks += [_FOR_EXAMPLE, _bullets(asked)]
    return Answer(question=question, query=question, text="\n\n".join(filter(None, blocks)), abstained=False, talk=True)


def absent(question: str, wish: Wish, *, records: Sequence[Record]) -> Answer:
    """The reply to a wish for an overview of a document that is not there, with the nearest names."""
    near = nearest(wish, records, most=EXAMPLES)
    blocks = [f"There is no document called “{wish.called(question)}”."]
    blocks += [_NEAREST, _bullets([titled(each.id, each.title) for each in near])] if near else [_ASK]
    return Answer(question=question, query=question, text="\n\n".join(blocks), abstained=False, talk=True)


def is_small_talk(answer: Answer) -> bool:
    """Whether a reply is what could be said to its question, whatever documents and examples it lists."""
    topic, wish = topic_of(answer.question), read_wish(answer.question)
    if not (topic or wish) or answer.citations or answer.sentences:
        return False
    said = [line for count in range(3) for line in _said(topic, count)] if topic else []
    said += [absent(answer.question, wish, records=()).text.partition("\n")[0], _NEAREST, _ASK] if wish else []
    known = {_shape(line) for line in (*said, _FOR_EXAMPLE, more(1), "")}
    return all(line.startswith("- ") or _shape(line) in known for line in answer.text.splitlines())


def _said(topic: Topic, count: int) -> list[str]:
    """The paragraphs of the reply before any list."""
    if topic in _PLAIN:
        return [_PLAIN[topic]]
    if not count:
        return ["Hello.", _EMPTY] if topic == "greeting" else [_EMPTY]
    number = "one document" if count == 1 else f"{count:,} documents"
    if topic == "documents":
        return [f"There {'is' if count == 1 else 'are'} {number} to ask about:"]
    if topic == "greeting":
        return [f"Hello. Ask me something about the {number.removeprefix('one ')} here."]
    return [
        f"I answer questions about {number}, and nothing else. Each sentence cites the exact words it rests on; when "
        "the documents do not answer, I say so. Ask “Which documents are there?” to see what they are."
    ]


def _listed(records: Sequence[Record]) -> str:
    """The first documents by name, and how many more there are."""
    named = _bullets([", ".join(filter(None, (titled(each.id, each.title), each.date))) for each in records[:LISTED]])
    left = len(records) - LISTED
    return f"{named}\n\n{more(left)}" if left > 0 else named


def more(count: int) -> str:
    """How many more there are than are listed."""
    return f"And {count:,} more."


def _bullets(lines: Sequence[str]) -> str:
    return "\n".join(f"- {' '.join(line.split())}" for line in lines)


def _shape(line: str) -> str:
    return _NUMBER.sub("0", line)
