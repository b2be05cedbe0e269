"""What is said besides the keywords: common words, and those that sound most like a keyword."""

from __future__ import annotations

from collections.abc import Sequence

from .speech import phonemes
from .voices import ACCENTS

_TEXT = """
about above across after again age air all alone also always and animal answer any apple arm around ask away
baby back bad bag ball bank basket bath bear because bed bee before begin behind bell below best better
between big bird birthday bite black bless blue board boat body book both bottle bottom box boy branch bread
break bridge bright bring broken brother brown build burn bus busy but butter button buy cake call came camera
can cap car card care carry cat catch chair change cheap cheese chess chicken child choose church circle city
class clean clear clock close cloud clown coat coffee cold colour come computer cook cool copy corner cost
cough count country cow crowd cry cup cut dad dance dark daughter dawn day dead dear deep desk did different
dinner dirty doctor dog dollar done door double doubt dough dozen dream dress drink drive drop drown dry each
ear early earth east easy eat eight eleven empty end enough enter evening ever every eye face fall family far
farm fast father feather feel feet fight fill film find fine finger finish fire first fish five flag flat
floor flow flower fly food foot for forest forget fork forward four fox free fresh friday friend from front
fruit full fun garden gas gate get ghost gift girl give glad glass goat gold gone good got grass great green
grey ground group grow guess gun hair half hall hand happy hard hat have head hear heart heat heavy hello help
here hide high hill hit hold hole home hop horse hospital hot hotel hour house how hundred hungry hurry ice
idea if ill in inside into iron island it jacket job joke jump just keep key kick kind king kiss kitchen kite
knee knife knock lady lake lamp land large last late laugh laughed leaf learn least leave leg lemon less
lesson let letter library lid life lift light like line lion lip list listen little live loft long look lose
loud love low lunch machine make man many map market match may maybe me meal mean meat meet melt mess middle
milk mind minute mirror miss mole moment monday money month moon more morning mother mountain mouse mouth move
much music must my name near neck need nest never new next nice night nine none noon nope north nose not note
nothing now number nurse of office often oil old once one onion only open or orange order other our out
outside over own page paint pair pan paper park part party pass past pay peace pen pencil people pepper person
phone photo piano picture piece pig pilot pin pink place plan plane plant plate play please pocket point
police poor pop possible post pot potato pound power present press pretty price problem puff pull pup purple
push put queen question quick quiet quite rabbit radio rain ready really red remember repeat rest rice rich
ride ring ripe river road rock roof room rope rose rough round run sad safe salt same sand sandwich saturday
save say school scissors sea second see seem sell send seven shake shape sharp sheep shelf shine ship shirt
shoe shop short shoulder shout show shower shut sick side silver simple sing sister sit six size skin sky
sleep slow small smell smile snow so soap sock soft some song soon sorry sound soup south space speak spell
spoon sport spring square stair stamp stand star start station stay step still stir stock stomach stone story
stove strap street strong sugar summer sun sunday supper sure swim table take talk tall tap taste tea teach
team tell ten tennis thank that them then there thing think thirsty thirteen this thousand three throw thumb
thunder ticket tie tiger tight time tin tired to today toe together tomato tomorrow tongue tonight too tooth
top torn touch towel tower town toy train travel tree trip trouble truck true try turn twelve twenty two
umbrella uncle under until us use useful vegetable very village visit voice wait wake walk wall want warm wash
watch water wave way weak wear weather week well west wet what wheel when where which while white why wide
wife win wind window wine winter wish with without woman wonder wood word work world worry wrist wrong yard
year yell yellow yesterday yet young zebra zero zoo
"""
#: Common English words of one to three syllables, with many minimal pairs of usual commands among them.
COMMON_WORDS = tuple(_TEXT.split())
#: Words that take the place of one word of a keyword of several words.
_STAND_INS = ("it", "in", "up", "down", "around", "over", "my", "light", "music", "open", "close", "good", "the phone")


def other_words(keywords: Sequence[str]) -> list[str]:
    """Common words that are none of the keywords and do not sound like one in any accent."""
    return _without_homophones(keywords, COMMON_WORDS)


def near_misses(keywords: Sequence[str], n: int = 12) -> dict[str, list[str]]:
    """The ``n`` phrases nearest to each keyword that are not a keyword and do not sound like one.

    Common words by the edit distance of their phonemes; for a keyword of several words also its parts
    and the same phrase with one word replaced.

    Returns
    -------
    dict
        ``{keyword: [phrase, ...]}``.
    """
    variations = {word: _variations(word) for word in keywords}
    candidates = _without_homophones(keywords, [*COMMON_WORDS, *(v for vs in variations.values() for v in vs)])
    sounds = dict(zip([*keywords, *candidates], phonemes([*keywords, *candidates]), strict=True))
    common = set(COMMON_WORDS)
    nearest = {}
    for word in keywords:
        parts = [v for v in variations[word] if v in candidates]

        def distance(other: str, word: str = word) -> tuple[int, str]:
            return edit_distance(sounds[word], sounds[other]), other

        words = sorted((c for c in candidates if c in common and c not in parts), key=distance)
        own = sorted(parts, key=distance)[: n if not words else n * 2 // 3]
        nearest[word] = own + words[: n - len(own)]
    return nearest


def edit_distance(a: str, b: str) -> int:
    """Insertions, deletions and replacements between two strings (Levenshtein).

    >>> edit_distance("kitten", "sitting")
    3
    """
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, start=1):
        diagonal, row[0] = row[0], i
        for j, y in enumerate(b, start=1):
            diagonal, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, diagonal + (x != y))
    return row[-1]


def _variations(keyword: str) -> list[str]:
    """Parts of a keyword of several words, and it with one word replaced."""
    words = keyword.lower().split()
    if len(words) < 2:
        return []
    parts = [" ".join(words[:i]) for i in range(1, len(words))] + [" ".join(words[i:]) for i in range(1, len(words))]
    swapped = [" ".join([*words[:i], w, *words[i + 1 :]]) for i in range(len(words)) for w in _STAND_INS]
    return list(dict.fromkeys([*parts, *swapped]))


def _without_homophones(keywords: Sequence[str], phrases: Sequence[str]) -> list[str]:
    """Phrases that differ in sound from every keyword in every accent, each once."""
    unique = list(dict.fromkeys(p for p in phrases if p.lower() not in {k.lower() for k in keywords}))
    banned: set[str] = set()
    for accent in ACCENTS:
        sounds = phonemes([*keywords, *unique], accent)
        taken = set(sounds[: len(keywords)])
        banned |= {p for p, sound in zip(unique, sounds[len(keywords) :], strict=True) if sound in taken}
    return [p for p in unique if p not in banned]
