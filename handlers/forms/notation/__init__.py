"""Forms as plain text, one question per line, typed on a phone: read, written, and told what is wrong by line.

The whole notation stands in docs/forms.md. Words of all three languages are understood whatever the reader's own.
"""

from handlers.forms.notation.faults import Fault, Unreadable, told
from handlers.forms.notation.reading import LARGEST, MOST_QUESTIONS, Written, read
from handlers.forms.notation.words import OwnWords, own_words
from handlers.forms.notation.writing import write

__all__ = [
    "LARGEST",
    "MOST_QUESTIONS",
    "Fault",
    "OwnWords",
    "Unreadable",
    "Written",
    "own_words",
    "read",
    "told",
    "write",
]
