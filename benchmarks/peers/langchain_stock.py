"""LangChain's stock retrieval, with Chroma and Hugging Face embeddings: MODEL DOCUMENTS QUESTIONS.json."""

import json
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

from langchain_chroma import Chroma
from langchain_core.documents import Document
from langchain_huggingface import HuggingFaceEmbeddings
from langchain_text_splitters import RecursiveCharacterTextSplitter
from protocol import serve, timing

embeddings = HuggingFaceEmbeddings(model_name=sys.argv[1], model_kwargs={"device": "cpu"})
files = sorted(Path(sys.argv[2]).glob("*.txt"))
questions = json.loads(Path(sys.argv[3]).read_text(encoding="utf-8"))


def work() -> dict[str, Any]:
    found: dict[str, Any] = {}
    folder = tempfile.mkdtemp()
    with timing(found, "seconds"):
        texts = [Document(path.read_text("utf-8"), metadata={"source": path.name}) for path in files]
        splitter = RecursiveCharacterTextSplitter(chunk_size=1000, chunk_overlap=200)  # as its tutorial has it
        chunks = splitter.split_documents(texts)
        store = Chroma.from_documents(chunks, embeddings, persist_directory=folder)
    retriever = store.as_retriever(search_kwargs={"k": 5})
    retriever.invoke(questions[0])
    with timing(found, "asking"):
        for question in questions:
            retriever.invoke(question)
    shutil.rmtree(folder)
    return {**found, "passages": len(chunks)}


serve(work)
