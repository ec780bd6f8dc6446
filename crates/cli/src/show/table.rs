//! Tables in plain text: columns padded to their widest cell, one of them broken between words.
//!
//! Laws: at most one column of a table is of sentences, and gets what the others leave; no line
//! ends in spaces.
//! Known shortcoming: a character counts as one column; names and numbers of ours are such.

use crate::text::{length, wrap};

/// What stands in a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Words, never broken; they begin below each other.
    Word,
    /// Numbers; they end below each other.
    Number,
    /// Sentences, broken between words if the table would be too wide.
    Sentence,
}

/// What stands between two columns.
const GAP: &str = "  ";
/// No column of sentences is narrower, in columns of text.
const SENTENCE_MIN: usize = 12;

/// A head and rows below each other, each with one cell for every column, in `width` columns.
pub fn table(columns: &[(&str, Kind)], rows: &[Vec<String>], width: usize) -> String {
    let mut widths: Vec<usize> = columns.iter().map(|(title, _)| length(title)).collect();
    for row in rows {
        for (widest, cell) in widths.iter_mut().zip(row) {
            *widest = (*widest).max(length(cell));
        }
    }
    let gaps = GAP.len().saturating_mul(columns.len().saturating_sub(1));
    let total = widths.iter().sum::<usize>().saturating_add(gaps);
    let sentences = columns.iter().position(|(_, kind)| *kind == Kind::Sentence);
    if let Some(column) = sentences {
        let over = total.saturating_sub(width);
        let least = SENTENCE_MIN.min(widths[column]);
        widths[column] = widths[column].saturating_sub(over).max(least);
    }
    let titles: Vec<String> = columns.iter().map(|(title, _)| (*title).to_owned()).collect();
    let all = std::iter::once(&titles).chain(rows);
    all.flat_map(|row| lines(columns, &widths, row)).collect::<Vec<_>>().join("\n")
}

/// The lines of one row.
fn lines(columns: &[(&str, Kind)], widths: &[usize], row: &[String]) -> Vec<String> {
    let cells: Vec<Vec<String>> = row
        .iter()
        .zip(columns.iter().zip(widths))
        .map(|(cell, ((_, kind), width))| match kind {
            Kind::Sentence => wrap(cell, *width),
            Kind::Word | Kind::Number => vec![cell.clone()],
        })
        .collect();
    let height = cells.iter().map(Vec::len).max().unwrap_or(0);
    let line = |index: usize| {
        let parts =
            cells.iter().zip(columns.iter().zip(widths)).map(|(cell, ((_, kind), width))| {
                let text = cell.get(index).map_or("", String::as_str);
                match kind {
                    Kind::Number => format!("{text:>width$}"),
                    Kind::Word | Kind::Sentence => format!("{text:<width$}"),
                }
            });
        parts.collect::<Vec<_>>().join(GAP).trim_end().to_owned()
    };
    (0..height).map(line).collect()
}

/// Names and what they have, one a line below each other, after two spaces; what does not fit is
/// broken between words and goes on below itself.
pub fn list(rows: &[(String, String)], width: usize) -> String {
    let widest = rows.iter().map(|(name, _)| length(name)).max().unwrap_or(0);
    let left = widest.saturating_add(GAP.len().saturating_mul(2));
    let line = |(name, what): &(String, String)| {
        let what = wrap(what, width.saturating_sub(left).max(SENTENCE_MIN));
        let what = what.join(&format!("\n{:left$}", ""));
        format!("{GAP}{name:<widest$}{GAP}{what}").trim_end().to_owned()
    };
    rows.iter().map(line).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cells(cells: &[&str]) -> Vec<String> {
        cells.iter().map(|cell| (*cell).to_owned()).collect()
    }

    #[test]
    fn only_sentences_are_broken_and_only_if_there_is_no_room() {
        let columns = [("job", Kind::Number), ("stands", Kind::Sentence), ("who", Kind::Word)];
        let rows =
            [cells(&["7", "executing until block 12", "ada"]), cells(&["12", "paid", "rosa"])];
        let wide = "job  stands                    who\n  7  executing until block 12  ada\n 12  \
                    paid                      rosa";
        assert_eq!(table(&columns, &rows, 80), wide);
        let narrow = "job  stands           who\n  7  executing until  ada\n     block 12\n 12  \
                      paid             rosa";
        assert_eq!(table(&columns, &rows, 26), narrow);
    }

    #[test]
    fn brackets_stay_together_where_there_is_room() {
        let text = "until block 213 (in 40 s), then no more";
        assert_eq!(wrap(text, 20), ["until block 213", "(in 40 s), then no", "more"]);
        assert_eq!(wrap("it is 93.0 % right", 9), ["it is", "93.0 %", "right"]);
        assert_eq!(wrap(text, 6), ["until", "block", "213", "(in 40", "s),", "then", "no", "more"]);
    }
}
