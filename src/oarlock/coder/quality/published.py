"""What others published, and what was aimed at: the scale for Oarlock's own figures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Published:
    """One figure that the coder is shown beside.

    Attributes:
        key: Key of the task in `metrics.json`.
        name: The task in words.
        measure: Name of the score.
        goal: Value aimed at before training; None where none was set.
        figure: The published or human figure, as text; empty where there is none.
        source: Who published it, and on what.
    """

    key: str
    name: str
    measure: str
    goal: float | None
    figure: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True)
class Source:
    """A data set: what it was used for, its licence as its authors state it, who they are."""

    name: str
    used_for: str
    licence: str
    citation: str


_PEERS = "Welivita & Pu 2023, peer forums, trained on about 13,500 gold sentences"
_ONE = "one AnnoMI annotator against the others (Wu et al. 2023)"
_REFLECT = "Li et al. 2026 (CounselReflect)"

FIGURES: Final = (
    Published("codes", "fifteen codes", "accuracy", 0.68, "0.682", _PEERS),
    Published("codes", "fifteen codes", "macro_f1", 0.56, "0.579", _PEERS),
    Published("codes", "fifteen codes", "kappa", None, "0.630", _PEERS),
    Published("families", "MI-adherent, non-adherent, other", "accuracy", 0.84, "0.844", _PEERS),
    Published("behaviour", "four behaviours", "accuracy", 0.81, "0.862", _ONE),
    Published("behaviour", "four behaviours", "macro_f1", 0.78, "0.857", _ONE),
    Published(
        "behaviour, turns of four words and more",
        "four behaviours, turns of four words and more",
        "accuracy",
        0.76,
    ),
    Published(
        "behaviour, turns of four words and more",
        "four behaviours, turns of four words and more",
        "macro_f1",
        0.70,
    ),
    Published(
        "question",
        "open or closed, given a question",
        "accuracy",
        0.85,
        "0.77",
        "pairs of AnnoMI annotators",
    ),
    Published(
        "reflection",
        "simple or complex, given a reflection",
        "accuracy",
        None,
        "0.59, Cohen's kappa 0.17",
        "pairs of AnnoMI annotators",
    ),
    Published(
        "talk",
        "change, sustain, neutral talk",
        "macro_f1",
        0.64,
        "0.579; one annotator 0.731",
        f"{_REFLECT}, split by utterance; AnnoMI annotators",
    ),
    Published("empathy-er", "emotional reactions", "macro_f1", 0.78, "0.766", _REFLECT),
    Published("empathy-ip", "interpretations", "macro_f1", 0.60, "0.555", _REFLECT),
    Published("empathy-ex", "explorations", "macro_f1", 0.73, "0.581", _REFLECT),
    Published("summary", "Summary", "macro_f1", None),
)

SOURCES: Final = (
    Source(
        "Peer MI gold sentences",
        "codes: fitted and tested",
        "CC BY-NC-SA 3.0",
        "Welivita & Pu 2022, 2023",
    ),
    Source(
        "Coded replies to distressed posts",
        "codes: labels of a published coder, low weight; replies as unlabelled text",
        "not stated",
        "a study of rated replies of people and of ChatGPT; coder after Welivita & Pu 2023",
    ),
    Source("CounselChat", "codes: own labels; folds", "MIT", "Bertagnolli 2020"),
    Source(
        "ESConv",
        "codes: strategies; own labels of codes and talk",
        "CC BY-NC 4.0",
        "Liu et al. 2021",
    ),
    Source(
        "Reddit threads on mental health",
        "codes and empathy: own labels; unlabelled text",
        "not stated",
        "public posts, two collections",
    ),
    Source(
        "EPITOME",
        "empathy: fitted and tested; codes: own labels",
        "for academic use",
        "Sharma et al. 2020",
    ),
    Source(
        "AnnoMI",
        "behaviour, question, reflection, talk: fitted and tested",
        "public",
        "Wu et al. 2022, 2023",
    ),
    Source(
        "High and low quality counselling (HLQC)",
        "talk: own labels; unlabelled text",
        "not stated",
        "Pérez-Rosas et al. 2019",
    ),
    Source(
        "MIBOT conversations",
        "talk: automatic labels at low weight, own labels; unlabelled text",
        "CC BY-SA 4.0",
        "Mahmood et al. 2025",
    ),
    Source(
        "Written for Oarlock",
        "codes, Summary, talk",
        "with Oarlock",
        "a language model (below)",
    ),
    Source(
        "all-MiniLM-L6-v2",
        "the encoder before training, and its vocabulary",
        "Apache-2.0",
        "Reimers & Gurevych 2019; Wang et al. 2020",
    ),
)

CITATIONS: Final = {
    "bertagnolli": "Bertagnolli, N. (2020). Counsel Chat: bootstrapping high-quality therapy data.",
    "bertrand": "Bertrand, M. & Mullainathan, S. (2004). Are Emily and Greg more employable than "
    "Lakisha and Jamal? American Economic Review 94(4), 991-1013.",
    "caliskan": "Caliskan, A., Bryson, J. J. & Narayanan, A. (2017). Semantics derived "
    "automatically from language corpora contain human-like biases. Science 356, 183-186.",
    "guo": "Guo, C. et al. (2017). On calibration of modern neural networks. ICML.",
    "li": "Li, Y. et al. (2026). CounselReflect: a toolkit for auditing mental-health dialogues. "
    "arXiv:2603.29429.",
    "liu": "Liu, S. et al. (2021). Towards emotional support dialog systems. ACL.",
    "mahmood": "Mahmood, Z. et al. (2025). A fully generative motivational interviewing counsellor "
    "chatbot for moving smokers towards the decision to quit. Findings of ACL.",
    "oreopoulos": "Oreopoulos, P. (2011). Why do skilled immigrants struggle in the labor market? "
    "American Economic Journal: Economic Policy 3(4), 148-171.",
    "perez": "Pérez-Rosas, V. et al. (2019). What makes a good counselor? Learning to distinguish "
    "between high-quality and low-quality counseling conversations. ACL.",
    "reimers": "Reimers, N. & Gurevych, I. (2019). Sentence-BERT. EMNLP.",
    "sharma": "Sharma, A. et al. (2020). A computational approach to understanding empathy "
    "expressed in text-based mental health support. EMNLP.",
    "wang": "Wang, W. et al. (2020). MiniLM: deep self-attention distillation. NeurIPS.",
    "welivita2022": "Welivita, A. & Pu, P. (2022). Curating a large-scale motivational "
    "interviewing dataset using peer support forums. COLING, 3315-3330.",
    "welivita2023": "Welivita, A. & Pu, P. (2023). Boosting distress support dialogue responses "
    "with motivational interviewing strategy. Findings of ACL. arXiv:2305.10195.",
    "wilson": "Wilson, E. B. (1927). Probable inference, the law of succession, and statistical "
    "inference. JASA 22, 209-212.",
    "wu2022": "Wu, Z. et al. (2022). Anno-MI: a dataset of expert-annotated counselling dialogues. "
    "ICASSP.",
    "wu2023": "Wu, Z. et al. (2023). Creation, analysis and evaluation of AnnoMI. Future Internet "
    "15(3), 110.",
}
