//! Lines: how something moves with something else, a line for each of whom it is said.

use std::fmt::Write as _;

use crate::{Table, escape, figure, figure_html, scale::Scale};

/// Lines of one plot: more cannot be told apart.
pub const SERIES_MAX: usize = 8;
/// Points of one line; what is beyond is counted, not drawn.
pub const POINTS_MAX: usize = 512;

/// One line.
#[derive(Clone, Debug, Default)]
pub struct Series {
    /// Of whom.
    pub name: String,
    /// Its points, from left to right; a value that is not finite breaks the line.
    pub points: Vec<(f64, f64)>,
    /// What each value may be, from and to, if there is anything to say of it.
    pub band: Vec<(f64, f64)>,
    /// Which of the [`SERIES_MAX`] looks it has, so that one who is drawn in several plots looks
    /// alike in all; its place, if nothing is said.
    pub look: Option<usize>,
}

impl Series {
    fn look(&self, place: usize) -> usize {
        self.look.unwrap_or(place) % SERIES_MAX
    }
}

/// A plot of lines.
#[derive(Clone, Debug, Default)]
pub struct Lines {
    /// Unique on its page: letters, digits and dashes.
    pub id: String,
    /// What it shows.
    pub title: String,
    /// How it is measured.
    pub about: String,
    /// What stands below.
    pub across: String,
    /// What stands at the left, with its unit.
    pub up: String,
    /// At most [`SERIES_MAX`] lines.
    pub series: Vec<Series>,
    /// Are values those of steps, which last until the next?
    pub steps: bool,
    /// Are points marked by themselves, as few are?
    pub dots: bool,
    /// Are there points alone, and no line between them?
    pub cloud: bool,
    /// A value that is marked across the whole plot.
    pub mark: Option<f64>,
}

const WIDTH: f64 = 480.0;
const HEIGHT: f64 = 270.0;
const LEFT: f64 = 64.0;
const RIGHT: f64 = 452.0;
const TOP: f64 = 26.0;
const BOTTOM: f64 = 228.0;

impl Lines {
    /// What is drawn, each line with its look.
    fn drawn(&self) -> impl Iterator<Item = (usize, &Series)> {
        let lines = self.series.iter().take(SERIES_MAX).enumerate();
        lines.map(|(place, one)| (one.look(place), one))
    }

    /// The plot as HTML, with its numbers behind it.
    #[must_use]
    pub fn html(&self) -> String {
        let points = || self.drawn().flat_map(|(_, one)| one.points.iter().take(POINTS_MAX));
        let bands = self.drawn().flat_map(|(_, one)| one.band.iter().take(POINTS_MAX));
        let bands = bands.flat_map(|(low, high)| [*low, *high]);
        let values = points().map(|point| point.1).chain(bands).chain(self.mark);
        let x = Scale::new(points().map(|point| point.0), (LEFT, RIGHT), 5);
        let y = Scale::new(values, (BOTTOM, TOP), 5);
        let mut svg = self.frame(&x, &y);
        for (place, one) in self.drawn() {
            svg.push_str(&band(one, place, (&x, &y)));
        }
        for (place, one) in self.drawn() {
            if !self.cloud {
                let path = self.path(one, (&x, &y));
                let _ = write!(svg, "<path class=s{place} d=\"{path}\"/>");
            }
            if self.dots {
                for (at, value) in one.points.iter().take(POINTS_MAX).filter(|p| p.1.is_finite()) {
                    let (at, value) = (x.at(*at), y.at(*value));
                    let _ = write!(
                        svg,
                        "<circle class=\"dot s{place}\" cx={at:.1} cy={value:.1} r=3.5 />"
                    );
                }
            }
        }
        svg.push_str("</svg>");
        svg.push_str(&self.key());
        svg.push_str(&self.left_out());
        figure_html((&self.id, &self.title, &self.about), &svg, &self.numbers())
    }

    /// Axes, round numbers and words.
    fn frame(&self, x: &Scale, y: &Scale) -> String {
        let id = &self.id;
        let mut svg = format!(
            "<svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=img aria-labelledby=\"{id}-t {id}-d\">\
             <title id=\"{id}-t\">{}</title><desc id=\"{id}-d\">{}</desc>",
            escape(&self.title),
            escape(&self.told()),
        );
        for (at, text) in y.ticks() {
            let _ = write!(
                svg,
                "<line class=grid x1={LEFT} x2={RIGHT} y1={at:.1} y2={at:.1} /><text x={} \
                 y={:.1} text-anchor=end>{text}</text>",
                LEFT - 6.0,
                at + 4.0,
            );
        }
        for (at, text) in x.ticks() {
            let _ = write!(
                svg,
                "<line class=axis x1={at:.1} x2={at:.1} y1={BOTTOM} y2={} /><text x={at:.1} y={} \
                 text-anchor=middle>{text}</text>",
                BOTTOM + 4.0,
                BOTTOM + 18.0,
            );
        }
        let base = y.zero().unwrap_or(BOTTOM);
        let _ = write!(
            svg,
            "<line class=axis x1={LEFT} x2={RIGHT} y1={base:.1} y2={base:.1} /><text x=2 y=12>{}\
             </text><text x={RIGHT} y={} text-anchor=end>{}</text>",
            escape(&self.up),
            BOTTOM + 36.0,
            escape(&self.across),
        );
        if let Some(at) = self.mark.map(|mark| y.at(mark)) {
            let _ = write!(
                svg,
                "<line class=axis stroke-dasharray=\"4 3\" x1={LEFT} x2={RIGHT} y1={at:.1} \
                 y2={at:.1} />"
            );
        }
        svg
    }

    /// What the plot shows, in words: where each line begins, where it ends, how far it goes.
    fn told(&self) -> String {
        let each = self.drawn().filter_map(|(_, one)| {
            let drawn = || one.points.iter().take(POINTS_MAX);
            let values = || drawn().map(|point| point.1).filter(|y| y.is_finite());
            let (first, last) = (values().next()?, values().next_back()?);
            let low = values().fold(f64::INFINITY, f64::min);
            let high = values().fold(f64::NEG_INFINITY, f64::max);
            let [first, last, low, high] = [first, last, low, high].map(figure);
            Some(format!("{}: from {first} to {last}, between {low} and {high}", one.name))
        });
        let each: Vec<String> = each.collect();
        format!("{} by {}. {}.", self.up, self.across, each.join("; "))
    }

    fn path(&self, one: &Series, (x, y): (&Scale, &Scale)) -> String {
        let (mut path, mut before) = (String::new(), None);
        for (at, value) in one.points.iter().take(POINTS_MAX) {
            if !value.is_finite() || !at.is_finite() {
                before = None;
                continue;
            }
            let (at, value) = (x.at(*at), y.at(*value));
            let _ = match before {
                None => write!(path, "M{at:.1} {value:.1}"),
                Some(_) if self.steps => write!(path, "H{at:.1}V{value:.1}"),
                Some(_) => write!(path, "L{at:.1} {value:.1}"),
            };
            before = Some(value);
        }
        path
    }

    /// Which line is whose; one needs no key.
    fn key(&self) -> String {
        if self.series.len() < 2 {
            return String::new();
        }
        let mut html = String::from("<ul class=key>");
        for (place, one) in self.drawn() {
            let _ = write!(
                html,
                "<li><svg aria-hidden=true viewBox=\"0 0 30 10\"><path class=s{place} \
                 d=\"M0 5H30\"/></svg>{}",
                escape(&one.name)
            );
        }
        html.push_str("</ul>");
        let beyond = self.series.len().saturating_sub(SERIES_MAX);
        if beyond > 0 {
            let _ = write!(html, "<p class=note>{beyond} more are not drawn.");
        }
        html
    }

    /// How many points are beyond the bound, if any are.
    fn left_out(&self) -> String {
        let beyond = |one: &Series| one.points.len().saturating_sub(POINTS_MAX);
        match self.drawn().map(|(_, one)| beyond(one)).sum::<usize>() {
            0 => String::new(),
            count => format!(
                "<p class=note>Of each line {POINTS_MAX} points are drawn; {count} more are not."
            ),
        }
    }

    /// Every number that is drawn, a row for each place across.
    fn numbers(&self) -> Table {
        let mut heads = vec![self.across.clone()];
        for (_, one) in self.drawn() {
            heads.push(if self.series.len() < 2 { self.up.clone() } else { one.name.clone() });
            if !one.band.is_empty() {
                heads.extend(["from", "to"].map(str::to_owned));
            }
        }
        let mut rows = Vec::new();
        let longest = self.drawn().map(|(_, one)| one.points.len()).max().unwrap_or(0);
        for place in 0..longest.min(POINTS_MAX) {
            let across = self.drawn().find_map(|(_, one)| Some(one.points.get(place)?.0));
            let mut row = vec![figure(across.unwrap_or(f64::NAN))];
            for (_, one) in self.drawn() {
                row.push(figure(one.points.get(place).map_or(f64::NAN, |point| point.1)));
                if !one.band.is_empty() {
                    let (low, high) = one.band.get(place).copied().unwrap_or((f64::NAN, f64::NAN));
                    row.extend([figure(low), figure(high)]);
                }
            }
            rows.push(row);
        }
        Table { caption: format!("{}, {}", self.title, self.up), heads, rows, ..Table::default() }
    }
}

/// What a line may be, as a shade around it.
fn band(one: &Series, place: usize, (x, y): (&Scale, &Scale)) -> String {
    let ends = one.points.iter().zip(&one.band).take(POINTS_MAX);
    let ends: Vec<_> = ends.filter(|(_, band)| band.0.is_finite() && band.1.is_finite()).collect();
    if ends.len() < 2 {
        return ends.iter().fold(String::new(), |mut svg, ((at, _), (low, high))| {
            let (at, low, high) = (x.at(*at), y.at(*low), y.at(*high));
            let _ = write!(
                svg,
                "<line class=\"bar s{place}\" x1={at:.1} x2={at:.1} y1={low:.1} y2={high:.1} />"
            );
            svg
        });
    }
    let mut path = String::new();
    let upper = ends.iter().map(|((at, _), (_, high))| (*at, *high));
    let lower = ends.iter().rev().map(|((at, _), (low, _))| (*at, *low));
    for (nth, (at, value)) in upper.chain(lower).enumerate() {
        let letter = if nth == 0 { 'M' } else { 'L' };
        let _ = write!(path, "{letter}{:.1} {:.1}", x.at(at), y.at(value));
    }
    format!("<path class=band style=\"fill:var(--c{place})\" d=\"{path}Z\"/>")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plot(series: Vec<Series>) -> Lines {
        let [id, title, across, up] = ["a", "T <b>", "block", "tokens"].map(str::to_owned);
        Lines { id, title, across, up, series, ..Lines::default() }
    }

    fn line(name: &str, points: &[(f64, f64)]) -> Series {
        Series { name: name.to_owned(), points: points.to_vec(), ..Series::default() }
    }

    #[test]
    fn a_plot_is_told_drawn_and_numbered() {
        let html = plot(vec![
            line("one", &[(0.0, 0.0), (10.0, 5.0)]),
            line("two", &[(0.0, 1.0), (10.0, -2.5)]),
        ])
        .html();
        assert!(html.contains("one: from 0 to 5, between 0 and 5"), "{html}");
        assert!(html.contains("<th scope=row>10<td class=n>5<td class=n>−2.5"), "{html}");
        assert!(html.contains("T &lt;b&gt;") && !html.contains("T <b>"));
        assert_eq!(html.matches("<path class=s").count(), 4, "two lines and their key");
    }

    #[test]
    fn a_hole_breaks_the_line_and_nothing_draws_nothing() {
        let holed = plot(vec![line("one", &[(0.0, 1.0), (1.0, f64::NAN), (2.0, 3.0)])]).html();
        let path = holed.split("<path class=s0 d=\"").nth(1).expect("a line");
        let path = path.split('"').next().expect("its end");
        assert_eq!(path.matches('M').count(), 2, "{path}");
        assert!(!holed.contains("NaN"));
        let empty = plot(Vec::new()).html();
        assert!(!empty.contains("NaN") && !empty.contains("inf"), "{empty}");
    }

    #[test]
    fn a_plot_has_a_bound_whatever_is_put_in() {
        let points: Vec<_> = (0..100_000).map(|x| (f64::from(x), f64::from(x))).collect();
        let one = line("one", &points);
        let html = plot(vec![one; 40]).html();
        assert!(html.len() < 400_000, "{}", html.len());
        assert!(html.contains("32 more are not drawn"));
        assert!(html.contains("512 points are drawn; 795904 more are not"), "8 lines of 99,488");
        assert!(html.contains("between 0 and 511"), "what is told is what is drawn");
    }

    #[test]
    fn steps_last_until_the_next() {
        let steps = Lines { steps: true, ..plot(vec![line("p", &[(0.0, 1.0), (5.0, 2.0)])]) };
        assert!(steps.html().contains("M64.0 228.0H452.0V26.0"), "{}", steps.html());
    }
}
