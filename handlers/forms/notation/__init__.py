"""The notation of forms: plain text with one question per line, which can be typed on a phone.

docs/forms.md describes it. The words of all languages are understood, whatever language the writer reads.
"""

from handlers.forms.notation.faults import Fault, Unreadable, faults_text
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
    "faults_text",
    "own_words",
    "read",
    "write",
]
