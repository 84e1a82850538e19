//! The three distributions that the experiments' statistics need: normal, Student's t and χ².
//!
//! Tail areas come from the two incomplete functions (gamma and beta), each by series or continued fraction; they
//! agree with SciPy to ten digits over the range that reports use (see the tests).

/// Two-sided 95 % point of the standard normal distribution.
pub const Z_95: f64 = 1.959_963_984_540_054;

/// Enough for double precision; both fractions converge in far fewer steps.
const STEPS: usize = 500;
const TINY: f64 = 1e-300;

/// P(|Z| > |z|) for a standard normal Z. Range 0 to 1.
pub fn normal_two_sided(z: f64) -> f64 {
    chi_square_upper(z * z, 1)
}

/// P(Z < z) for a standard normal Z. Range 0 to 1.
pub fn normal_below(z: f64) -> f64 {
    let tail = normal_two_sided(z) / 2.0;
    if z > 0.0 { 1.0 - tail } else { tail }
}

/// The z with P(Z < z) = p, from −9 to 9: what lies beyond is 0 or 1 for our purposes. Found by halving, as [`t_95`].
pub fn normal_point(p: f64) -> f64 {
    let (mut low, mut high) = (-9.0, 9.0);
    for _ in 0..70 {
        let middle = (low + high) / 2.0;
        if normal_below(middle) < p {
            low = middle;
        } else {
            high = middle;
        }
    }
    (low + high) / 2.0
}

/// P(X > x) for a χ² with `df` ≥ 1 degrees of freedom, x ≥ 0. Range 0 to 1.
pub fn chi_square_upper(x: f64, df: u32) -> f64 {
    gamma_upper(f64::from(df) / 2.0, x / 2.0)
}

/// P(|T| > |t|) for Student's t with `df` > 0 degrees of freedom, which need not be whole.
pub fn t_two_sided(t: f64, df: f64) -> f64 {
    beta_lower(df / 2.0, 0.5, df / (df + t * t))
}

/// The t with P(|T| > t) = 5 %, for `df` > 0 degrees of freedom. Found by halving: exact enough, and called once
/// per interval.
pub fn t_95(df: f64) -> f64 {
    let (mut low, mut high) = (0.0, 1.0);
    while t_two_sided(high, df) > 0.05 && high < 1e12 {
        high *= 2.0;
    }
    for _ in 0..100 {
        let middle = (low + high) / 2.0;
        if t_two_sided(middle, df) > 0.05 {
            low = middle;
        } else {
            high = middle;
        }
    }
    (low + high) / 2.0
}

/// ln Γ(x), x > 0: Lanczos' approximation with g = 7 and nine terms.
pub(super) fn ln_gamma(x: f64) -> f64 {
    const TERMS: [f64; 8] = [
        676.520_368_121_885_1,
        -1_259.139_216_722_402_8,
        771.323_428_777_653_1,
        -176.615_029_162_140_6,
        12.507_343_278_686_905,
        -0.138_571_095_265_720_12,
        9.984_369_578_019_572e-6,
        1.505_632_735_149_311_6e-7,
    ];
    if x < 0.5 {
        let pi = std::f64::consts::PI;
        return (pi / (pi * x).sin()).ln() - ln_gamma(1.0 - x);
    }
    let x = x - 1.0;
    let base = x + 7.5;
    let sum: f64 = 0.999_999_999_999_809_9
        + TERMS.iter().enumerate().map(|(at, term)| term / (x + at as f64 + 1.0)).sum::<f64>();
    0.5 * (2.0 * std::f64::consts::PI).ln() + (x + 0.5) * base.ln() - base + sum.ln()
}

/// The regularised upper incomplete gamma function Q(a, x).
fn gamma_upper(a: f64, x: f64) -> f64 {
    if x <= 0.0 {
        return 1.0;
    }
    let front = (a * x.ln() - x - ln_gamma(a)).exp();
    if x < a + 1.0 {
        let (mut term, mut sum) = (1.0 / a, 1.0 / a);
        for n in 1..STEPS {
            term *= x / (a + n as f64);
            sum += term;
            if term < sum * f64::EPSILON {
                break;
            }
        }
        return 1.0 - front * sum;
    }
    // Legendre's continued fraction, evaluated forwards by Lentz' method.
    let mut b = x + 1.0 - a;
    let (mut c, mut d) = (1.0 / TINY, 1.0 / b);
    let mut fraction = d;
    for n in 1..STEPS {
        let n = n as f64;
        let numerator = -n * (n - a);
        b += 2.0;
        d = 1.0 / off_zero(numerator * d + b);
        c = off_zero(b + numerator / c);
        fraction *= d * c;
        if (d * c - 1.0).abs() < f64::EPSILON {
            break;
        }
    }
    front * fraction
}

/// The regularised incomplete beta function I(x; a, b).
fn beta_lower(a: f64, b: f64, x: f64) -> f64 {
    if x <= 0.0 {
        return 0.0;
    }
    if x >= 1.0 {
        return 1.0;
    }
    // The fraction converges fast only on this side; the other follows from I(x; a, b) = 1 − I(1 − x; b, a).
    if x > (a + 1.0) / (a + b + 2.0) {
        return 1.0 - beta_lower(b, a, 1.0 - x);
    }
    let front = (ln_gamma(a + b) - ln_gamma(a) - ln_gamma(b) + a * x.ln() + b * (1.0 - x).ln()).exp() / a;
    let mut c = 1.0;
    let mut d = 1.0 / off_zero(1.0 - (a + b) * x / (a + 1.0));
    let mut fraction = d;
    for m in 1..STEPS {
        let m = m as f64;
        let even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
        let odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
        let mut step = 1.0;
        for numerator in [even, odd] {
            d = 1.0 / off_zero(1.0 + numerator * d);
            c = off_zero(1.0 + numerator / c);
            step = d * c;
            fraction *= step;
        }
        if (step - 1.0).abs() < f64::EPSILON {
            break;
        }
    }
    front * fraction
}

fn off_zero(value: f64) -> f64 {
    if value.abs() < TINY { TINY } else { value }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(found: f64, expected: f64) {
        assert!((found - expected).abs() <= 1e-9 * expected.abs().max(1e-3), "{found}, expected {expected}");
    }

    /// Expected: SciPy 1.17.1, `2 * scipy.stats.norm.sf(z)`.
    #[test]
    fn normal_tails_are_scipys() {
        for (z, p) in [
            (0.0, 1.0),
            (0.1, 0.920_344_325_445_942),
            (1.0, 0.317_310_507_862_914_15),
            (1.96, 0.049_995_790_296_440_87),
            (-3.5, 0.000_465_258_158_071_050_03),
        ] {
            close(normal_two_sided(z), p);
        }
        close(normal_two_sided(6.0) * 1e9, 1.973_175_290_075_389);
        close(normal_two_sided(Z_95), 0.05);
    }

    /// Expected: SciPy 1.17.1, `scipy.stats.norm.ppf(p)`; beyond 9 nothing is told apart.
    #[test]
    fn normal_points_are_scipys() {
        for (p, z) in [
            (0.5, 0.0),
            (0.025, -1.959_963_984_540_054),
            (0.9, 1.281_551_565_544_600_4),
            (1e-8, -5.612_001_244_174_789),
        ] {
            close(normal_point(p), z);
            close(normal_below(z), p);
        }
        assert!(normal_point(0.0) < -8.9 && normal_point(1.0) > 8.0);
    }

    /// Expected: SciPy 1.17.1, `scipy.stats.t.ppf(0.975, df)`.
    #[test]
    fn t_points_are_scipys() {
        for (df, t) in [
            (1.0, 12.706_204_736_174_694),
            (2.5, 3.574_654_842_003_681_7),
            (10.0, 2.228_138_851_986_274),
            (1000.5, 1.962_337_892_459_348),
            (1e6, 1.959_966_356_814_107),
        ] {
            close(t_95(df), t);
        }
    }

    /// With two degrees of freedom the tail is e^(−x/2).
    #[test]
    fn chi_square_with_two_degrees_is_the_exponential() {
        for x in [0.1, 1.0, 3.0, 20.0] {
            close(chi_square_upper(x, 2), (-x / 2.0f64).exp());
        }
    }
}
