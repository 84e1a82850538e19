//! From numbers to places: a linear scale with round steps.

#[derive(Debug, Clone, Copy)]
pub struct Scale {
    low: f64,
    high: f64,
    from: f64,
    to: f64,
}

impl Scale {
    /// The smallest of `values` at the first place, the largest at the second.
    pub fn over(values: impl IntoIterator<Item = f64>, (from, to): (f64, f64)) -> Self {
        let finite = values.into_iter().filter(|value| value.is_finite());
        let ends = finite.fold(None, |ends: Option<(f64, f64)>, value| {
            Some(ends.map_or((value, value), |(low, high)| (low.min(value), high.max(value))))
        });
        let (low, high) = ends.filter(|(low, high)| low < high).unwrap_or_else(|| {
            let only = ends.map_or(0.0, |(low, _)| low);
            (only.min(0.0), only.max(0.0) + if only == 0.0 { 1.0 } else { 0.0 })
        });
        Self { low, high, from, to }
    }

    pub fn at(&self, value: f64) -> f64 {
        let share = (value.clamp(self.low, self.high) - self.low) / (self.high - self.low);
        self.from + share * (self.to - self.from)
    }

    /// Round numbers inside, at most about `count`, and the step between them.
    pub fn ticks(&self, count: f64) -> (Vec<f64>, f64) {
        let rough = (self.high - self.low) / count;
        let power = 10f64.powf(rough.log10().floor());
        let step = [1.0, 2.0, 5.0, 10.0].into_iter().map(|digit| digit * power).find(|step| *step >= rough);
        let step = step.unwrap_or(10.0 * power);
        let (first, last) =
            ((self.low / step - 1e-9).ceil() as i64, (self.high / step + 1e-9).floor() as i64);
        ((first..=last).map(|at| at as f64 * step).collect(), step)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_round_and_inside() {
        let (ticks, step) = Scale::over([-120.0, 930.0], (0.0, 100.0)).ticks(5.0);
        assert_eq!((ticks, step), (vec![0.0, 500.0], 500.0));
        let (ticks, _) = Scale::over([0.0, 1.0], (0.0, 100.0)).ticks(5.0);
        assert_eq!(ticks.len(), 6);
    }

    #[test]
    fn without_a_range_everything_has_still_a_place() {
        for values in [vec![], vec![0.0], vec![3.0, 3.0], vec![-3.0], vec![f64::NAN]] {
            let scale = Scale::over(values, (0.0, 100.0));
            assert!(scale.at(0.0).is_finite() && !scale.ticks(5.0).0.is_empty());
        }
    }
}
