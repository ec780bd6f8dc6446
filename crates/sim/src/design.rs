//! Designs: which points a sweep visits.
//!
//! Key terms: a *grid* is every combination of lists; a *Latin hypercube* has one point in each of
//! n layers of every range (McKay, Beckman and Conover, 1979); *Saltelli's* design has two random
//! tables A and B, and for each range A with that column of B (Saltelli and others, 2010).
//!
//! Law: a point is a list of settings; points are numbered in the order of the design, which is a
//! function of its ranges and the seed.

use std::str::FromStr;

use crate::{
    error::SimError,
    luck::{Draw, Entity, Luck, Purpose},
    scenario::Setting,
};

/// Points that a sweep may have.
pub const POINTS_MAX: u64 = 1_000_000;

/// Every combination of what is set: the last list varies fastest.
///
/// # Errors
/// [`SimError::Setting`] with what is wrong, or more points than a sweep may have.
pub fn grid(lists: &[String]) -> Result<Vec<Vec<Setting>>, SimError> {
    let mut points: Vec<Vec<Setting>> = vec![Vec::new()];
    for list in lists {
        let each = Setting::each(list)?;
        let count = points.len() as u64 * each.len() as u64;
        if count > POINTS_MAX {
            return Err(SimError::Runs { runs: count, max: POINTS_MAX });
        }
        let with = |point: &Vec<Setting>, setting: &Setting| {
            let mut point = point.clone();
            point.push(setting.clone());
            point
        };
        let crossed = points.iter().flat_map(|point| each.iter().map(move |one| with(point, one)));
        points = crossed.collect();
    }
    Ok(points)
}

/// The points of a table made elsewhere: a line of paths, then a line of values for each point,
/// separated by commas.
///
/// # Errors
/// [`SimError::Setting`] with the line, or more points than a sweep may have.
pub fn table(text: &str) -> Result<Vec<Vec<Setting>>, SimError> {
    let wrong = |line: &str, why| SimError::Setting { setting: line.to_owned(), why };
    let mut lines = text.lines().filter(|line| !line.trim().is_empty());
    let first = lines.next().ok_or_else(|| wrong("", "the design is empty"))?;
    let paths: Vec<&str> = first.split(',').map(str::trim).collect();
    let mut points = Vec::new();
    for line in lines {
        let values: Vec<&str> = line.split(',').map(str::trim).collect();
        if values.len() != paths.len() {
            return Err(wrong(line, "this line of the design has not as many values as paths"));
        }
        let settings = paths.iter().zip(values).map(|(path, value)| format!("{path}={value}"));
        points.push(settings.map(|one| one.parse()).collect::<Result<Vec<Setting>, _>>()?);
        if points.len() as u64 > POINTS_MAX {
            return Err(SimError::Runs { runs: points.len() as u64, max: POINTS_MAX });
        }
    }
    if points.is_empty() {
        return Err(wrong(first, "the design has no points"));
    }
    Ok(points)
}

/// `path=low..high`: a value of a scenario that varies evenly between two ends.
#[derive(Clone, Debug, PartialEq)]
pub struct Range {
    path: String,
    low: f64,
    high: f64,
    /// Both ends are whole, and so is everything between.
    is_whole: bool,
}

impl FromStr for Range {
    type Err = SimError;

    fn from_str(text: &str) -> Result<Range, SimError> {
        let wrong = || SimError::Setting {
            setting: text.to_owned(),
            why: "write path=low..high, as in providers.lazy.lie_rate=0.0..0.5",
        };
        let (path, ends) = text.split_once('=').ok_or_else(wrong)?;
        let (low, high) = ends.split_once("..").ok_or_else(wrong)?;
        let number = |end: &str| end.parse::<f64>().ok().filter(|end| end.is_finite());
        let (from, to) = number(low).zip(number(high)).ok_or_else(wrong)?;
        if path.is_empty() || from >= to {
            return Err(wrong());
        }
        let is_whole = !low.contains('.') && !high.contains('.');
        Ok(Range { path: path.to_owned(), low: from, high: to, is_whole })
    }
}

impl Range {
    /// Which value.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The setting at a place between the ends, 0 to 1.
    fn at(&self, place: f64) -> Setting {
        let value = if self.is_whole {
            let values = self.high - self.low + 1.0;
            toml::Value::Integer((self.low + (place * values).floor()).min(self.high) as i64)
        } else {
            toml::Value::Float(self.low + place * (self.high - self.low))
        };
        Setting::new(&self.path, value)
    }
}

fn settings(ranges: &[Range], places: &[f64]) -> Vec<Setting> {
    ranges.iter().zip(places).map(|(range, place)| range.at(*place)).collect()
}

/// What designs draw from.
fn draw(seed: u64, table: &str, row: usize, column: usize) -> Draw {
    let row = u32::try_from(row).expect("a design has at most a million points");
    let column = u32::try_from(column).expect("a design has few ranges");
    Luck::new(seed, row).draw(Entity::new(table, 0), column, Purpose::Design)
}

/// A Latin hypercube of so many points.
///
/// # Errors
/// More points than a sweep may have, or none.
pub fn latin(ranges: &[Range], samples: usize, seed: u64) -> Result<Vec<Vec<Setting>>, SimError> {
    bounded(samples)?;
    let column = |column: usize| {
        // Fisher and Yates: every order of the layers is as likely.
        let mut layers: Vec<usize> = (0..samples).collect();
        for last in (1..samples).rev() {
            let other = draw(seed, "order", last, column).below(last as u64 + 1);
            layers.swap(last, other as usize);
        }
        let place = |(row, layer)| {
            let within = draw(seed, "layer", row, column).unit();
            (layer as f64 + within) / samples as f64
        };
        layers.into_iter().enumerate().map(place).collect::<Vec<f64>>()
    };
    let columns: Vec<Vec<f64>> = (0..ranges.len()).map(column).collect();
    let point = |row: usize| {
        let places: Vec<f64> = columns.iter().map(|column| column[row]).collect();
        settings(ranges, &places)
    };
    Ok((0..samples).map(point).collect())
}

/// Saltelli's design: A, B, then A with one column of B for each range, so many points each.
///
/// # Errors
/// More points than a sweep may have, or none.
pub fn saltelli(
    ranges: &[Range],
    samples: usize,
    seed: u64,
) -> Result<Vec<Vec<Setting>>, SimError> {
    bounded(samples.saturating_mul(ranges.len() + 2))?;
    let table = |name: &str| -> Vec<Vec<f64>> {
        let row = |row| (0..ranges.len()).map(|at| draw(seed, name, row, at).unit()).collect();
        (0..samples).map(row).collect()
    };
    let (a, b) = (table("a"), table("b"));
    let mut places: Vec<Vec<f64>> = a.iter().chain(&b).cloned().collect();
    for column in 0..ranges.len() {
        places.extend(a.iter().zip(&b).map(|(a, b)| {
            let mut mixed = a.clone();
            mixed[column] = b[column];
            mixed
        }));
    }
    Ok(places.iter().map(|places| settings(ranges, places)).collect())
}

fn bounded(points: usize) -> Result<(), SimError> {
    match points as u64 {
        1..=POINTS_MAX => Ok(()),
        runs => Err(SimError::Runs { runs, max: POINTS_MAX }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(points: &[Vec<Setting>]) -> Vec<String> {
        let name = |point: &Vec<Setting>| {
            point.iter().map(Setting::to_string).collect::<Vec<_>>().join(" ")
        };
        points.iter().map(name).collect()
    }

    #[test]
    fn a_grid_is_every_combination() {
        let lists = ["a.b=1,2".to_owned(), "c=x, y".to_owned(), "d=[1, 2],[3, 4]".to_owned()];
        let points = grid(&lists).expect("a grid");
        assert_eq!(points.len(), 8);
        assert_eq!(names(&points)[1], "a.b=1 c=x d=[3, 4]");
        assert_eq!(names(&grid(&[]).expect("one point")), [""]);
        for wrong in ["a", "=1", "a=", "a=1,,2", "a=b c"] {
            assert!(grid(&[wrong.to_owned()]).is_err(), "{wrong}");
        }
    }

    fn ranges() -> Vec<Range> {
        ["a.b=0.0..2.0", "c=1..4"].map(|text| text.parse().expect("a range")).to_vec()
    }

    #[test]
    fn a_latin_hypercube_has_one_point_in_each_layer() {
        let points = latin(&ranges(), 40, 7).expect("a design");
        let column = |at: usize| {
            let mut values: Vec<f64> =
                points.iter().map(|p| p[at].value().parse().expect("a number")).collect();
            values.sort_by(f64::total_cmp);
            values
        };
        for (layer, value) in column(0).into_iter().enumerate() {
            let layer = layer as f64 / 20.0;
            assert!((layer..layer + 0.05).contains(&value), "{value} in the layer of {layer}");
        }
        let whole = column(1);
        assert!(
            [1.0, 2.0, 3.0, 4.0].iter().all(|v| whole.iter().filter(|w| *w == v).count() == 10)
        );
        assert_eq!(points, latin(&ranges(), 40, 7).expect("a design"));
        assert_ne!(points, latin(&ranges(), 40, 8).expect("a design"));
    }

    #[test]
    fn saltellis_mixed_tables_differ_from_a_in_one_column() {
        let points = saltelli(&ranges(), 5, 7).expect("a design");
        assert_eq!(points.len(), 20);
        for row in 0..5 {
            let (a, b) = (&points[row], &points[5 + row]);
            assert_eq!(points[10 + row], [b[0].clone(), a[1].clone()]);
            assert_eq!(points[15 + row], [a[0].clone(), b[1].clone()]);
        }
        assert!(saltelli(&ranges(), 1_000_000, 7).is_err());
        assert!(latin(&ranges(), 0, 7).is_err());
    }

    #[test]
    fn ranges_that_are_none_are_refused() {
        for wrong in ["a", "a=1", "a=2..1", "=1..2", "a=x..y", "a=1..inf"] {
            assert!(wrong.parse::<Range>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_table_is_as_its_lines_say() {
        let points = table("a.b, c\n1, x\n2, y\n\n").expect("a design");
        assert_eq!(names(&points), ["a.b=1 c=x", "a.b=2 c=y"]);
        for wrong in ["", "a,b", "a,b\n1", "a\n?"] {
            assert!(table(wrong).is_err(), "{wrong:?}");
        }
    }
}
