"""The packages of the extra `research` that a page needs, or a word on how to get them."""

from __future__ import annotations

from oarlock.errors import UserError, how_to_install

try:
    import altair as alt
    import jinja2
    import vl_convert
    from scipy.stats import t as student_t
    from statsmodels.stats.proportion import proportion_confint
    from statsmodels.stats.rates import confint_poisson
except ImportError as error:  # pragma: no cover - the extra is installed in tests
    raise UserError(
        "Reports need packages that are not installed.",
        remedy=how_to_install("research"),
    ) from error

__all__ = ["alt", "confint_poisson", "jinja2", "proportion_confint", "student_t", "vl_convert"]
