"""txtai's embeddings database over paragraphs, keyword search beside it: MODEL DOCUMENTS QUESTIONS.json."""

import json
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

from protocol import serve, timing
from txtai import Embeddings

files = sorted(Path(sys.argv[2]).glob("*.txt"))
questions = json.loads(Path(sys.argv[3]).read_text(encoding="utf-8"))


def work() -> dict[str, Any]:
    found: dict[str, Any] = {}
    folder = tempfile.mkdtemp()
    with timing(found, "seconds"):
        database = Embeddings(path=sys.argv[1], content=True, hybrid=True, gpu=False)
        paragraphs = [part for path in files for part in path.read_text("utf-8").split("\n") if part.strip()]
        database.index(paragraphs)
        database.save(folder)
    database.search(questions[0], 5)
    with timing(found, "asking"):
        for question in questions:
            database.search(question, 5)
    shutil.rmtree(folder)
    return {**found, "passages": len(paragraphs)}


serve(work)
