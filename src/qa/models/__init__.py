"""Names such as `minilm-l6-v2` and `openai:gpt-5-mini` → the models that embed texts and write answers.

    minilm            all-MiniLM-L6-v2, the embedding model that comes with the program
    reader            the reading model that comes with the program: question, text → where the answer stands
    embeddings        a provider's embedding model, under the same verbs
    chat              names → chat models, and their failures → errors that say what to do
    local             a model's file → a server of it for this process alone
    local_server      the process in which that server runs
    refusals          what a server refused of a request → the request without it
    listening         a chat model as a step of a chain, its reply bounded in length and time
    patience          the limits on a model's server in time and bytes
    tokens            the number of tokens that a language model sees in a text

Nothing is known here of prompts, ranking or Chroma.
"""
