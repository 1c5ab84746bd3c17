"""What is no question to the documents' sentences → its reply, made by code before any search.

    courtesies        what is small talk, and a question without it
    small_talk        small talk → its reply, from what is indexed
    wishes            what asks for an overview, and which documents it names
    overview          documents → an overview of one, or a line about each of several
    telling           passages → what says most in them
    examples          documents → example questions that they answer
    questions         one sentence → the question that it answers

No language model is asked.
"""
