"""What things are called on a page: one vocabulary for spoken words, one for machines."""

from __future__ import annotations

import dataclasses


@dataclasses.dataclass(frozen=True)
class Terms:
    """Words of a page; a noun stands in the singular, its plural adds an s.

    Parameters
    ----------
    kicker, in_noise : str
        What the page is, and the end of its title.
    clip : str
        What a model decides on.
    signal : str
        What noise is added to.
    category : str
        What a model tells apart.
    heard, never_heard : str
        What training did with a kind of noise, a participle; and what it did not, in the past tense.
    truth, answer, of_truth, of_answer : str
        Sides of a confusion, short and in a sentence.
    made_title, made_head, made_text, made_data : str
        Said where the data is not real: in the title, at the top, by the data.
    sure_from : str
        Column of the probability that a bundle's answer needs.
    label_length : int
        Letters of a label that figures have room for.
    """

    kicker: str
    in_noise: str
    clip: str
    signal: str
    category: str
    heard: str
    never_heard: str
    truth: str
    answer: str
    of_truth: str
    of_answer: str
    made_title: str
    made_head: str
    made_text: str
    made_data: str
    sure_from: str
    label_length: int


KEYWORDS = Terms(
    kicker="Evaluation of a keyword spotter",
    in_noise="keyword spotter in noise",
    clip="clip",
    signal="speech",
    category="class",
    heard="heard",
    never_heard="never heard",
    truth="said",
    answer="heard as",
    of_truth="what was said",
    of_answer="what was heard",
    made_title="synthetic speech",
    made_head="Synthetic speech.",
    made_text="Every word here was spoken by a speech synthesiser, in training and in the test. The scores say how "
    "well synthetic voices are told apart, not people’s; on people’s voices accuracy will be lower.",
    made_data="The speech is synthetic.",
    sure_from="Fires from",
    label_length=14,
)
VIBRATION = Terms(
    kicker="Evaluation of a fault diagnosis",
    in_noise="fault diagnosis in noise",
    clip="window",
    signal="vibration",
    category="state",
    heard="seen",
    never_heard="never saw",
    truth="true state",
    answer="answer",
    of_truth="the true state",
    of_answer="the answer",
    made_title="simulated machines",
    made_head="Simulated machines.",
    made_text="No machine was measured: every vibration here was computed by a simulator, in training and in the test. "
    "The scores say how well simulated states are told apart; expect less on real machines, and record yours before "
    "relying on it.",
    made_data="The machines are simulated.",
    sure_from="Sure from",
    label_length=24,
)


def terms_of(task: object) -> Terms:
    """The vocabulary of a run's task; keywords where nothing is said."""
    return VIBRATION if task == "vibration" else KEYWORDS
