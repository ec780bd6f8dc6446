//! Designs: which points a sweep visits.
//!
//! Law: a point is a list of settings; points are numbered in the order of the design.

use crate::{error::SimError, scenario::Setting};

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

    #[test]
    fn a_table_is_as_its_lines_say() {
        let points = table("a.b, c\n1, x\n2, y\n\n").expect("a design");
        assert_eq!(names(&points), ["a.b=1 c=x", "a.b=2 c=y"]);
        for wrong in ["", "a,b", "a,b\n1", "a\n?"] {
            assert!(table(wrong).is_err(), "{wrong:?}");
        }
    }
}
