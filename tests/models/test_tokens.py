"""Tokens counted offline, held against tiktoken's own encoding of the same ranks."""

from __future__ import annotations

import hashlib
import lzma
from pathlib import Path

import pytest
import tiktoken
from tiktoken.model import encoding_name_for_model

from qa.models.tokens import RANKS, count_tokens, is_exact

# The name under which tiktoken keeps its download: the SHA-1 of the address.
CACHED = hashlib.sha1(b"https://openaipublic.blob.core.windows.net/encodings/o200k_base.tiktoken").hexdigest()
SCRIPTS = {
    "Latin": "The lighthouse keeper didn't sign the log of {n} May; Über {n} Straßen führt café naïve.",
    "Greek": "Ο φάρος άνοιξε το {n} και έκλεισε δέκα χρόνια αργότερα.",
    "Cyrillic": "Маяк открыли в {n} году, а закрыли через десять лет.",
    "Arabic": "افتتحت المنارة في عام {n} وأغلقت بعد عشر سنوات.",
    "Hebrew": "המגדלור נפתח בשנת {n} ונסגר כעבור עשר שנים.",
    "Devanagari": "प्रकाशस्तंभ {n} में खोला गया और दस साल बाद बंद हुआ।",
    "Thai": "ประภาคารเปิดในปี {n} และปิดในอีกสิบปีต่อมา",
    "Chinese and Japanese": "灯塔于{n}年启用。灯台は{n}年に開かれ、十年後に閉じられた。",
}
ODD = (
    "",
    " ",
    "\n\n \t\n",
    "a" * 5_000,
    "<|endoftext|>",
    "x = {'k': [1, 2]}  # 🙂🙃",
    "I'LL we've\r\n\r\n",
    "\ud83d half",
)


def test_two_hundred_texts_in_eight_scripts_have_as_many_tokens_as_tiktoken_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / CACHED).write_bytes(lzma.decompress(RANKS.read_bytes()))  # tiktoken checks its SHA-256
    monkeypatch.setenv("TIKTOKEN_CACHE_DIR", str(tmp_path))
    theirs = tiktoken.get_encoding("o200k_base")
    texts = [text.format(n=1_000 + 37 * n) * (n % 3 + 1) for text in SCRIPTS.values() for n in range(25)]
    assert len(texts) == 200
    for text in (*texts, *ODD):
        assert count_tokens(text) == (len(theirs.encode(text, disallowed_special=())) or 1)


def test_what_looks_like_a_control_token_is_plain_text() -> None:
    assert count_tokens("<|endoftext|>") > 1


@pytest.mark.parametrize("name", ["gpt-4o", "gpt-4.1-mini", "gpt-5-mini", "o3-mini"])
def test_the_known_models_are_counted_in_their_own_tokens(name: str) -> None:
    assert encoding_name_for_model(name) == "o200k_base"
    assert is_exact(name, base_url=None)
    assert is_exact(f"openai:{name}", base_url=None)


@pytest.mark.parametrize(
    ("name", "base_url"),
    [
        ("llama3.2", "http://127.0.0.1:11434/v1"),
        ("openai:gpt-4o", "https://team.openai.azure.com/openai/v1"),  # a deployment, called as somebody liked
        ("openai:gpt-4", None),  # has the tokens of an older encoding
        ("anthropic:claude-sonnet-4-5", None),
        ("local:model.gguf", None),
    ],
)
def test_the_tokens_of_any_other_model_are_an_estimate(name: str, base_url: str | None) -> None:
    assert not is_exact(name, base_url=base_url)
