"""The expected values in src/recommender/uplift/tests.rs, by other people's code: uplift.py

Prints one line a value, under the name of the test that holds it. SciPy 1.17.1, NumPy 2.4.6, statsmodels 0.15.0.
"""

import math

import numpy as np
import statsmodels.api as sm
from scipy import integrate, optimize, stats
from scipy.special import lambertw
from statsmodels.stats.meta_analysis import combine_effects
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint

MICE = [94, 197, 16, 38, 99, 141, 23], [52, 104, 146, 10, 51, 30, 40, 27, 46]
# Snedecor and Cochran 1967, table 14.2.1: drugs A and F, scores before and after.
DRUG_A = [11, 8, 5, 14, 19, 6, 10, 6, 11, 3], [6, 0, 2, 8, 11, 4, 13, 1, 8, 0]
DRUG_F = [16, 13, 11, 9, 21, 16, 12, 12, 7, 12], [13, 10, 18, 5, 23, 12, 5, 16, 1, 20]
BCG = [
    (4, 123, 11, 139), (6, 306, 29, 303), (3, 231, 11, 220), (62, 13598, 248, 12867), (33, 5069, 47, 5808),
    (180, 1541, 372, 1451), (8, 2545, 10, 629), (505, 88391, 499, 88391), (29, 7499, 45, 7277), (17, 1716, 65, 1665),
    (186, 50634, 141, 27338), (5, 2498, 3, 2341), (27, 16913, 29, 17854),
]


def show(test, **values):
    for name, value in values.items():
        print(f"{test}: {name} = {np.array2string(np.atleast_1d(value), precision=15, separator=', ')}")


def ratios():
    low, high = confint_proportions_2indep(61, 2000, 812, 18000, compare="ratio", method="log")
    show("ratios", low=low - 1, high=high - 1)
    t, c = np.array([12.5, 40, 7.25, 99.9, 3] + 7 * [0]), np.array([5.0, 20] + 6 * [0])
    error = math.sqrt(sum(stats.sem(g) ** 2 / g.mean() ** 2 for g in (t, c)))
    low, high = stats.norm.interval(0.95, math.log(t.mean() / c.mean()), error)
    show("ratios of means", low=math.expm1(low), high=math.expm1(high))


def bca(t, c):
    """SciPy's interval of many resamples, and the acceleration by leaving out one after another."""
    result = stats.bootstrap((t, c), lambda x, y, axis: x.mean(axis) - y.mean(axis), n_resamples=400_000,
                             method="BCa", vectorized=True, batch=10_000, rng=np.random.default_rng(1))
    left_out = [np.array([np.delete(g, at).mean() for at in range(len(g))]) for g in (t, c)]
    influence = [sign * (len(g) - 1) * (o.mean() - o) / len(g) for sign, g, o in zip((1, -1), (t, c), left_out)]
    both = np.concatenate(influence)
    a = (both**3).sum() / (both**2).sum() ** 1.5 / 6
    return dict(low=result.confidence_interval.low, high=result.confidence_interval.high, acceleration=a)


def bootstraps():
    t, c = (np.array(group, float) for group in MICE)
    show("bootstrap of mice", estimate=t.mean() - c.mean(), **bca(t, c))
    t, c = (np.concatenate((amounts, np.zeros(zeros))) for amounts, zeros in shop())
    show("bootstrap of a shop", estimate=t.mean() - c.mean(), **bca(t, c))


def shop():
    """Amounts that both sides can make: squares of 3 to 42, and of 3 to 22."""
    return (np.arange(3.0, 43) ** 2, 360), (np.arange(3.0, 23) ** 2, 280)


def covariance():
    (x_t, y_t), (x_c, y_c) = (np.array(group, float) for group in (DRUG_A, DRUG_F))
    x, y = np.concatenate((x_t, x_c)), np.concatenate((y_t, y_c))
    treated = np.repeat([1.0, 0], 10)
    fitted = sm.OLS(y, np.column_stack((np.ones(20), treated, x))).fit()
    theta = fitted.params[2]
    test = stats.ttest_ind(y_t - theta * x_t, y_c - theta * x_c, equal_var=False)
    interval = test.confidence_interval()
    left = np.var(y_t - theta * x_t, ddof=1) + np.var(y_c - theta * x_c, ddof=1)
    saved = 1 - left / (np.var(y_t, ddof=1) + np.var(y_c, ddof=1))
    show("cuped", theta=theta, estimate=fitted.params[1], low=interval.low, high=interval.high, p=test.pvalue, saved=saved)


def sequential():
    """The mixture's likelihood ratio by quadrature, and where it is 20."""
    planned = 0.04 * 0.96 * (1 / 18000 + 1 / 2000)
    tau2 = planned * (-lambertw(-(0.05**2) * math.exp(-1), -1).real - 1)
    share = lambda x, n: ((x + 1) / (n + 2)) * (1 - (x + 1) / (n + 2)) / (n + 2)
    v, delta = share(812, 18000) + share(61, 2000), 812 / 18000 - 61 / 2000

    def weight(distance):
        ratio = lambda theta: math.exp((distance * theta - theta**2 / 2) / v) * stats.norm.pdf(theta, 0, math.sqrt(tau2))
        return integrate.quad(ratio, -0.2, 0.2, points=[distance, 0], epsabs=1e-13, epsrel=1e-12, limit=500)[0]

    reach = optimize.brentq(lambda distance: weight(distance) - 20, 0.001, 0.1, xtol=1e-15)
    show("sequential", best=tau2 / planned, low=delta - reach, high=delta + reach, p=1 / weight(delta))


def pooling():
    t, n_t, c, n_c = np.array(BCG, float).T
    effects, variances = np.log(t / n_t / (c / n_c)), 1 / t - 1 / n_t + 1 / c - 1 / n_c
    for name, y, v in [("pool", effects, variances), ("pool of alike", effects[:5] * 0.1, variances[:5])]:
        r = combine_effects(y, v, method_re="iterated", use_t=True, atol=1e-14)
        k = len(y)
        se = math.sqrt(1 / (1 / (v + r.tau2)).sum())
        reach = stats.t.ppf(0.975, k - 2) * math.sqrt(r.tau2 + se**2)
        show(name, q=r.q, q_p=stats.chi2.sf(r.q, k - 1), i2=r.i2, tau2=r.tau2, mean=r.mean_effect_re, se=se,
             low=r.mean_effect_re - stats.t.ppf(0.975, k - 1) * se, hksj_low=r.conf_int()[1][0], common=r.mean_effect_fe,
             prediction=(r.mean_effect_re - reach, r.mean_effect_re + reach), weights=r.weights_rel_re)


def balance():
    t, c = (np.array(group, float) for group in MICE)
    d = (t.mean() - c.mean()) / math.sqrt((t.var(ddof=1) + c.var(ddof=1)) / 2)
    reach = stats.norm.ppf(0.975) * math.sqrt(1 / 7 + 1 / 9 + d * d / 32)
    show("balance", d=d, low=d - reach, high=d + reach)


def calibration():
    chances = (np.arange(200) * 37 % 200) / 250
    came = (np.arange(200) * 91 % 200) / 200 < chances**1.2
    order = np.argsort(chances)
    parts = [(chances[at], came[at]) for at in np.array_split(order, 4)]
    error = sum(len(p) * abs(p.mean() - o.mean()) for p, o in parts) / 200
    wilson = [proportion_confint(o.sum(), len(o), method="wilson") for _, o in parts]
    show("calibration", error=error, brier=((chances - came) ** 2).mean(), predicted=[p.mean() for p, _ in parts],
         actual=[o.mean() for _, o in parts], first=wilson[0], last=wilson[3])


for part in (ratios, bootstraps, covariance, sequential, pooling, balance, calibration):
    part()
