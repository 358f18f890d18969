"""The features of a reply: a registry of named functions, each with unit and source.

Two kinds: features of *rows* are Ibis expressions over `oarlock.study.rows` (people, place);
features of *texts* are functions of arrays over batches of replies with their posts. In the frame
each is the column `f_<name>`, float64, missing where the unit says so.
"""

from __future__ import annotations

from oarlock.study.features.registry import (
    Feature,
    RowFeature,
    TextFeature,
    as_markdown,
    features,
    row_feature,
    text_feature,
)

__all__ = [
    "Feature",
    "RowFeature",
    "TextFeature",
    "as_markdown",
    "features",
    "row_feature",
    "text_feature",
]
