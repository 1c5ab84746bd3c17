"""Ask your own documents and trust the answer."""
