"""Names such as `minilm-l6-v2` and `openai:gpt-5-mini` → the models that embed texts and write answers.

    minilm            all-MiniLM-L6-v2, the embedding model that comes with the program
    embeddings        a provider's embedding model, under the same verbs
    chat              names → chat models, and their failures → errors that say what to do
    listening         a chat model as a step of a chain, its reply bounded in length and time
    patience          how long a model's server is waited for
    tokens            how many tokens a text is for a language model

Nothing is known here of prompts, ranking or Chroma.
"""
