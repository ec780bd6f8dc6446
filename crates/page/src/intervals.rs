//! Intervals: one value for each of several, with how sure it is, below each other.

use std::fmt::Write as _;

use crate::{Table, escape, figure, figure_html, scale::Scale};

/// Rows of one plot; what is beyond is in no plot.
pub const INTERVALS_MAX: usize = 64;

/// One row.
#[derive(Clone, Debug, Default)]
pub struct Interval {
    /// Of what.
    pub name: String,
    /// The value, and from where to where it may be.
    pub value: f64,
    /// The lower end.
    pub low: f64,
    /// The upper end.
    pub high: f64,
    /// How it is judged: `yes`, `no`, `open`, or nothing.
    pub class: &'static str,
}

/// A plot of intervals.
#[derive(Clone, Debug, Default)]
pub struct Intervals {
    /// Unique on its page: letters, digits and dashes.
    pub id: String,
    /// What it shows.
    pub title: String,
    /// How it is measured.
    pub about: String,
    /// What stands below, with its unit.
    pub across: String,
    /// Rows, from above.
    pub rows: Vec<Interval>,
    /// A value that is marked over all rows; nothing, mostly.
    pub mark: f64,
}

const WIDTH: f64 = 480.0;
const TOP: f64 = 8.0;
const ROW: f64 = 22.0;
const RIGHT: f64 = 452.0;
/// Letters of a row's name that are drawn; the table has it whole.
const NAME_LETTERS: usize = 26;

impl Intervals {
    /// The plot as HTML, with its numbers behind it.
    #[must_use]
    pub fn html(&self) -> String {
        let rows = || self.rows.iter().take(INTERVALS_MAX);
        let longest = rows().map(|row| row.name.chars().count()).max().unwrap_or(0);
        let left = 16.0 + 7.2 * longest.min(NAME_LETTERS) as f64;
        let bottom = TOP + ROW * rows().count() as f64;
        let ends = rows().flat_map(|row| [row.low, row.value, row.high]);
        let x = Scale::new(ends.chain([self.mark]), (left, RIGHT), 4);
        let (id, height) = (&self.id, bottom + 40.0);
        let mut svg = format!(
            "<svg viewBox=\"0 0 {WIDTH} {height}\" role=img aria-labelledby=\"{id}-t {id}-d\">\
             <title id=\"{id}-t\">{}</title><desc id=\"{id}-d\">{}</desc>",
            escape(&self.title),
            escape(&self.told()),
        );
        for (at, text) in x.ticks() {
            let _ = write!(
                svg,
                "<line class=grid x1={at:.1} x2={at:.1} y1={TOP} y2={bottom} /><text x={at:.1} \
                 y={} text-anchor=middle>{text}</text>",
                bottom + 16.0
            );
        }
        let _ = write!(
            svg,
            "<line class=axis x1={0:.1} x2={0:.1} y1={TOP} y2={bottom} /><text x={RIGHT} y={1} \
             text-anchor=end>{2}</text>",
            x.at(self.mark),
            bottom + 33.0,
            escape(&self.across)
        );
        for (place, row) in (0u32..).zip(rows()) {
            svg.push_str(&drawn(row, TOP + ROW * (f64::from(place) + 0.5), (left, &x)));
        }
        svg.push_str("</svg>");
        let beyond = self.rows.len().saturating_sub(INTERVALS_MAX);
        if beyond > 0 {
            let _ = write!(svg, "<p class=note>{beyond} more are in the table alone.");
        }
        figure_html((id, &self.title, &self.about), &svg, &self.numbers())
    }

    fn told(&self) -> String {
        let each = self.rows.iter().take(INTERVALS_MAX).map(|row| {
            let [value, low, high] = [row.value, row.low, row.high].map(figure);
            format!("{}: {value}, from {low} to {high}", row.name)
        });
        format!("{}. {}.", self.across, each.collect::<Vec<_>>().join("; "))
    }

    fn numbers(&self) -> Table {
        let heads = ["", "value", "from", "to"].map(str::to_owned).to_vec();
        let rows = self.rows.iter().map(|row| {
            let [value, low, high] = [row.value, row.low, row.high].map(figure);
            vec![row.name.clone(), value, low, high]
        });
        Table {
            caption: format!("{}, {}", self.title, self.across),
            heads,
            rows: rows.collect(),
            ..Table::default()
        }
    }
}

/// One row: its name, its interval, its value.
fn drawn(row: &Interval, middle: f64, (left, x): (f64, &Scale)) -> String {
    let mut name: String = row.name.chars().take(NAME_LETTERS).collect();
    if row.name.chars().count() > NAME_LETTERS {
        name.pop();
        name.push('…');
    }
    let class = if row.class.is_empty() { "s0" } else { row.class };
    let mut svg = format!(
        "<text x={:.1} y={:.1} text-anchor=end>{}</text>",
        left - 8.0,
        middle + 4.5,
        escape(&name)
    );
    if row.low.is_finite() && row.high.is_finite() {
        let _ = write!(
            svg,
            "<line class=\"bar {class}\" x1={:.1} x2={:.1} y1={middle:.1} y2={middle:.1} />",
            x.at(row.low),
            x.at(row.high)
        );
    }
    if row.value.is_finite() {
        let at = x.at(row.value);
        let _ = write!(svg, "<circle class=\"dot {class}\" cx={at:.1} cy={middle:.1} r=4 />");
    }
    svg
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_told_drawn_and_numbered_up_to_a_bound() {
        let row = Interval {
            name: "providers.lazy.lie_rate=<0.1>".to_owned(),
            value: 1.5,
            low: -1.0,
            high: f64::INFINITY,
            class: "",
        };
        let [id, title] = ["a", "T"].map(str::to_owned);
        let plot = Intervals { id, title, rows: vec![row; 3_000], ..Intervals::default() };
        let html = plot.html();
        assert!(html.contains("2936 more are in the table alone"));
        assert!(html.contains("lie_rate=&lt;0.1&gt;") && !html.contains("<0.1>"));
        assert!(!html.contains("inf") && !html.contains("NaN"));
        assert!(html.len() < 400_000, "{}", html.len());
    }
}
