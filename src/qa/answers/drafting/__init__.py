"""What a language model is shown and writes → an Answer in which code has cited and judged every statement.

    composer          the steps of the chain that need a language model
    context           the text that it reads: numbered sentences, within a budget
    whole             a document past the budget: what its parts' replies cite
    draft             its stream → events, the Answer last
    reply             its words → those that a reader may see
    statements        a reply → its sentences, items and rows as they stream in
    markers           citation markers as models write them: `[2.1]`
    citations         markers → the exact words they stand for, and their numbers
    attribution       a statement → the sentences shown to the model that support it, and the verdict
    claims            the same verdict, asked of a language model
    showing           judged statements → what a reader sees, and when

What a model writes is data: never a citation, a verdict or an instruction.
"""
