"""Write src/qa/_data/common_words.txt: English stems, most common first, from the BERT vocabulary's order.

That vocabulary (google-bert/bert-base-uncased, Apache 2.0; all-MiniLM-L6-v2 uses it unchanged) lists
its pieces by falling frequency in English Wikipedia and books, so a rank stands in for a frequency.

    python scripts/common_words.py PATH/TO/vocab.txt
"""

from __future__ import annotations

import sys
from pathlib import Path

from qa.words import STOP_WORDS, stem

TARGET = Path(__file__).parents[1] / "src/qa/_data/common_words.txt"
FIRST_WORD = "the"  # before it stand the unused slots, punctuation and single letters
KEPT = 8_000


def main(vocabulary: Path) -> None:
    """Keep the stem of every whole word once, at its first and so most frequent place."""
    pieces = vocabulary.read_text(encoding="utf-8").splitlines()
    whole = [piece for piece in pieces[pieces.index(FIRST_WORD) :] if piece.isascii() and piece.isalpha()]
    stems = dict.fromkeys(stem(word) for word in whole if word not in STOP_WORDS and len(word) > 1)
    TARGET.write_text("\n".join(list(stems)[:KEPT]) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
