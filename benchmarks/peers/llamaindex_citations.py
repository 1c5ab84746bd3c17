"""LlamaIndex's pipeline with a citation query engine and no language model: MODEL DOCUMENTS QUESTIONS.json [TOKENS].

Its default passages have 1,024 tokens, of which this model reads the first 256; TOKENS chooses another size.
"""

import json
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

from llama_index.core import Settings, SimpleDirectoryReader, VectorStoreIndex
from llama_index.core.llms import MockLLM
from llama_index.core.query_engine import CitationQueryEngine
from llama_index.embeddings.huggingface import HuggingFaceEmbedding
from protocol import serve, timing

Settings.llm = MockLLM(max_tokens=1)
Settings.embed_model = HuggingFaceEmbedding(model_name=sys.argv[1], device="cpu")
if len(sys.argv) > 4:
    Settings.chunk_size, Settings.chunk_overlap = int(sys.argv[4]), 0
questions = json.loads(Path(sys.argv[3]).read_text(encoding="utf-8"))


def work() -> dict[str, Any]:
    found: dict[str, Any] = {}
    folder = tempfile.mkdtemp()
    with timing(found, "seconds"):
        documents = SimpleDirectoryReader(sys.argv[2], required_exts=[".txt"]).load_data()
        index = VectorStoreIndex.from_documents(documents)
        index.storage_context.persist(folder)
    engine = CitationQueryEngine.from_args(index, similarity_top_k=5)
    engine.query(questions[0])
    with timing(found, "asking"):
        for question in questions:
            engine.query(question)
    shutil.rmtree(folder)
    return {**found, "passages": len(index.docstore.docs)}


serve(work)
