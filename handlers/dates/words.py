"""The words for days and months in three languages: a few for printing, all that people type for reading."""

SHORT_WEEKDAYS = {
    "fi": ("ma", "ti", "ke", "to", "pe", "la", "su"),
    "sv": ("mån", "tis", "ons", "tors", "fre", "lör", "sön"),
    "en": ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"),
}
WEEKDAYS = {
    "fi": ("maanantai", "tiistai", "keskiviikko", "torstai", "perjantai", "lauantai", "sunnuntai"),
    "sv": ("måndag", "tisdag", "onsdag", "torsdag", "fredag", "lördag", "söndag"),
    "en": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
}
MONTHS = {
    "fi": tuple(
        f"{month}kuu"
        for month in "tammi helmi maalis huhti touko kesä heinä elo syys loka marras joulu".split()  # noqa: SIM905
    ),
    "sv": (
        *("januari", "februari", "mars", "april", "maj", "juni"),
        *("juli", "augusti", "september", "oktober", "november", "december"),
    ),
    "en": (
        *("January", "February", "March", "April", "May", "June"),
        *("July", "August", "September", "October", "November", "December"),
    ),
}

# Short forms beside the printed ones: Finland's Swedish wall calendars say "må ti on to fr lö sö".
_SHORTER_WEEKDAYS = (
    ("må",),
    ("ti", "tues"),
    ("on", "weds"),
    ("to", "tor", "thur", "thurs"),
    ("fr",),
    ("lö",),
    ("sö",),
)
# Keyboards without ä and ö.
_BARE = str.maketrans("äöå", "aoa")


def _weekday_words() -> dict[str, int]:
    words: dict[str, int] = {}
    for index, shorter in enumerate(_SHORTER_WEEKDAYS):
        fi, sv, en = (WEEKDAYS[language][index].lower() for language in ("fi", "sv", "en"))
        shorts = [SHORT_WEEKDAYS[language][index].lower() for language in SHORT_WEEKDAYS]
        longs = [fi, f"{fi}na", sv, f"{sv}en", en]
        for word in (*longs, *(word.translate(_BARE) for word in longs), *shorts, *shorter):
            words[word] = index
    return words


def _month_words() -> dict[str, int]:
    words: dict[str, int] = {"sept": 9}
    for index in range(12):
        fi, sv, en = (MONTHS[language][index].lower() for language in ("fi", "sv", "en"))
        stem = fi.removesuffix("kuu")
        for word in (stem, fi, f"{fi}ta", f"{fi}n", sv, sv[:3], en, en[:3]):
            words[word] = words[word.translate(_BARE)] = index + 1
    return words


WEEKDAY_WORDS = _weekday_words()
LONG_WEEKDAYS = frozenset(word for word in WEEKDAY_WORDS if len(word) > 5)
MONTH_WORDS = _month_words()
ENGLISH_MONTHS = frozenset(word for month in MONTHS["en"] for word in (month.lower(), month.lower()[:3])) | {"sept"}

# Days from today.
AHEAD_WORDS = {
    **dict.fromkeys(("tänään", "tanaan", "idag", "i dag", "today"), 0),
    **dict.fromkeys(("huomenna", "imorgon", "i morgon", "imorron", "i morron", "tomorrow"), 1),
    **dict.fromkeys(("ylihuomenna", "iövermorgon", "i övermorgon", "övermorgon", "i overmorgon"), 2),
    **dict.fromkeys(("the day after tomorrow", "day after tomorrow"), 2),
}

# "On" is a Swedish Wednesday, but a Finnish "is" and an English preposition; "to" is a Thursday, but in English not.
# Before a date such a word is skipped where it contradicts; elsewhere in a line it is no day at all.
WEAK_WEEKDAYS = {"fi": frozenset({"on"}), "sv": frozenset[str](), "en": frozenset({"on", "to"})}

# What a pattern that ignores case lets pass for s and i.
_ODD = str.maketrans("ſıİ", "sii")


def word_key(typed: str) -> str:
    """The typed word as these tables have it."""
    return " ".join(typed.translate(_ODD).lower().split())
