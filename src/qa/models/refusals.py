"""A request that a server refused → the one that it may take: without what it does not know.

Servers speak OpenAI's interface in dialects. What one has refused of a model is remembered until the process ends.
"""

import json
import re
from typing import Any

THINKING_TOKENS = 16_000  # of models whose thinking is counted, but not shown
STATUSES = (400, 422, 500)  # of a refusal; the last comes from templates that raise an exception
SYSTEM, NEWER, OLDER = "system", "max_completion_tokens", "max_tokens"
# In the order in which they are given up: models that think want another name for the limit and no temperature, older
# interfaces of Azure and Mistral know no stream_options, some servers of vectors no encoding_format.
_OPTIONAL = (NEWER, "temperature", "stream_options", OLDER, "encoding_format")
# Templates of Gemma 2, Mistral 7B and others know no system role.
_NO_SYSTEM = re.compile(r"(?i)\b(?:system|developer)\W{1,3}(?:role|message|prompt)|\broles must alternate")

_remembered: dict[tuple[str, str], tuple[str, ...]] = {}


class Request:
    """The body of one request to the server at an address, less what that is known not to take of its model."""

    def __init__(self, address: str, content: bytes) -> None:
        try:
            body = json.loads(content)
        except ValueError:
            body = None
        self._body: dict[str, Any] = body if isinstance(body, dict) else {}
        self._place = (address, str(self._body.get("model")))
        self._given_up = [each for each in _remembered.get(self._place, ()) if self._give_up(each)]
        self._content = content

    @property
    def content(self) -> bytes:
        """The body as it is to be sent."""
        return json.dumps(self._body).encode() if self._given_up else self._content

    def refused(self, said: str) -> bool:
        """Whether it may be taken now, without the first thing that the refusal names."""
        names = [each for each in _OPTIONAL if each in said] + [SYSTEM] * bool(_NO_SYSTEM.search(said))
        found = next((each for each in names if self._give_up(each)), None)
        self._given_up += [found] if found else []
        return found is not None

    def accepted(self) -> None:
        """Remember what was given up."""
        if self._given_up:
            _remembered[self._place] = tuple(self._given_up)

    def _give_up(self, name: str) -> bool:
        """Whether this was in the body, which is now without it."""
        if name == SYSTEM:  # rules in a message of their own now begin the first of the user's
            first, *rest = self._body.get("messages") or [{}]
            if first.get("role") not in (SYSTEM, "developer") or not rest or rest[0].get("role") != "user":
                return False
            merged = {**rest[0], "content": f"{first['content']}\n\n{rest[0]['content']}"}
            self._body["messages"] = [merged, *rest[1:]]
            return True
        old = OLDER if name == NEWER else name
        if old not in self._body:
            return False
        value = self._body.pop(old)
        if name == NEWER:
            self._body[NEWER] = max(value, THINKING_TOKENS)
        return True
