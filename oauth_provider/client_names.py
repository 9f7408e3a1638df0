"""Names of clients, which people read on the consent page and decide by.

Source: attacks.md, row 35; contract/README.md, rule 9. Only letters that look alike are
folded, from a table that is short on purpose (docs/decisions/0032).
"""

import unicodedata

from django.conf import settings
from django.utils.translation import gettext as _

from oauth_provider.models import Application

MIN_LENGTH = 2
MAX_LENGTH = 100
MAX_MARKS = 2  # accents on one letter; more of them reach over the lines around
# Letters of other scripts, digits and signs that are drawn like a Latin letter, by that letter.
# Looked up before the case is folded: only the capital of some looks like ours.
LOOK_ALIKES = {
    "a": "аАαΑɑ@4",
    "b": "ВвΒβьЬ8",
    "c": "сСϲϹ",
    "d": "ԁ",
    "e": "еЕεΕєЄ3",
    "g": "ɡցԍ",
    "h": "НнΗһҺհ",
    "i": "іІιΙıӏӀ1|!",
    "j": "јЈϳ",
    "k": "кКκΚ",
    "m": "МмΜ",
    "n": "Νոпη",
    "o": "оОοΟօՕσ0",
    "p": "рРρΡ",
    "q": "ԛԚ",
    "r": "гᴦ",
    "s": "ѕЅ5$",
    "t": "ТтτΤ7",
    "u": "υսиʋ",
    "v": "ѵѴν",
    "w": "ԝԜω",
    "x": "хХχΧ",
    "y": "уУγΥүҮ",
    "z": "Ζ2",
}
TO_LATIN = str.maketrans({seen: meant for meant, all_seen in LOOK_ALIKES.items() for seen in all_seen})
# Capital I and small L are one stroke; rn and m, vv and w, cl and d are the same ones.
SAME_STROKES = (("l", "i"), ("rn", "m"), ("vv", "w"), ("cl", "d"))


def tidy(name: str) -> str:
    """`name` without spaces around it, and single ones within."""
    return " ".join(filter(None, name.split(" ")))


def find_fault(name: str) -> str | None:
    """Why no client may be called `name`, or None."""
    if not MIN_LENGTH <= len(name) <= MAX_LENGTH:
        return _("A name has %(least)d to %(most)d characters.") % {"least": MIN_LENGTH, "most": MAX_LENGTH}
    if not all(is_visible(letter) for letter in name):
        return _("A name has no control, invisible or direction-changing characters.")
    if has_piled_marks(name):
        return _("A name has at most %(count)d accents on one letter.") % {"count": MAX_MARKS}
    if not any(letter.isalnum() for letter in name):
        return _("A name has at least one letter or digit.")
    return None


def is_visible(letter: str) -> bool:
    """Neither control, format (direction marks, joiners), surrogate, private, unassigned nor an odd space."""
    return letter == " " or unicodedata.category(letter)[0] not in "CZ"


def has_piled_marks(name: str) -> bool:
    marks = 0
    for letter in unicodedata.normalize("NFD", name):
        marks = marks + 1 if unicodedata.combining(letter) else 0
        if marks > MAX_MARKS:
            return True
    return False


def fold(name: str) -> str:
    """What is left of `name` when letters that look alike are one: equal folds look the same."""
    folded = unicodedata.normalize("NFKD", name).translate(TO_LATIN).casefold()
    folded = "".join(letter for letter in folded if letter.isalnum())
    for seen, meant in SAME_STROKES:
        folded = folded.replace(seen, meant)
    return folded


def find_verified_namesake(name: str, *, besides: int | None) -> str | None:
    """The name that an unverified client called `name` would be taken for: ours, or a verified client's."""
    folded = fold(name)
    verified = Application.objects.filter(is_verified=True).exclude(pk=besides).values_list("name", flat=True)
    return next((known for known in (settings.BRAND_NAME, *verified) if fold(known) == folded), None)


def find_unverified_namesakes(name: str, *, besides: int | None) -> list[str]:
    """Ids of unverified clients that look like `name`, which is about to be verified."""
    folded = fold(name)
    others = Application.objects.filter(is_verified=False).exclude(pk=besides).values_list("client_id", "name")
    return [client_id for client_id, known in others if fold(known) == folded]
