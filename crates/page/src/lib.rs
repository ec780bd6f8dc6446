//! Earnest's pages: a report as one file of HTML, with the plots that it draws itself.
//!
//! Laws: a page loads nothing from anywhere and runs nothing, and says so to the browser; all text
//! in it is escaped; the same content gives the same bytes; every plot has a title, a description
//! and its numbers as a table behind it; no plot and no table is larger than its bound.
//! Not here: what a report says (`earnest-sim`, `earnest-audit`), files (the hosts).

mod intervals;
mod lines;
mod scale;
mod words;

use std::fmt::Write as _;

pub use intervals::{INTERVALS_MAX, Interval, Intervals};
pub use lines::{Lines, POINTS_MAX, SERIES_MAX, Series};
pub use words::figure;

/// What every page begins with: whoever replaces a file can tell that it is one of ours.
pub const MARK: &str = "<!doctype html><html lang=en><!-- earnest -->";

/// What a page may do: nothing but show itself.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; \
    form-action 'none'";

const STYLE: &str = include_str!("page.css");

/// Text as it may stand between tags and in quoted attributes.
#[must_use]
pub fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            // What a page cannot hold, nor an eye see.
            letter if letter.is_control() && !"\n\t".contains(letter) => safe.push('\u{fffd}'),
            letter => safe.push(letter),
        }
    }
    safe
}

/// The beginning of a page, up to its body: `title` is text, `style` rules beside those of all
/// pages.
#[must_use]
pub fn head(title: &str, style: &str) -> String {
    let title = escape(title);
    format!(
        "{MARK}<head><meta charset=utf-8><meta http-equiv=\"Content-Security-Policy\" \
         content=\"{POLICY}\"><meta name=viewport content=\"width=device-width,initial-scale=1\">\
         <meta name=referrer content=no-referrer><title>{title}</title><style>{STYLE}{style}\
         </style></head><body>"
    )
}

/// The end of a page.
pub const TAIL: &str = "</body></html>\n";

/// A table. The first column heads its row, and is text; numbers stand at the right.
#[derive(Clone, Debug, Default)]
pub struct Table {
    /// What it shows, for those who cannot see what stands around it.
    pub caption: String,
    /// The heads of its columns.
    pub heads: Vec<String>,
    /// Its rows; what is beyond [`ROWS_MAX`] is counted, not shown.
    pub rows: Vec<Vec<String>>,
    /// Columns of text beside the first.
    pub words: usize,
}

/// Rows of a table.
pub const ROWS_MAX: usize = 1_024;

impl Table {
    /// The table as HTML, in a room of its own that scrolls sideways.
    #[must_use]
    pub fn html(&self) -> String {
        let caption = escape(&self.caption);
        let mut html = format!(
            "<div class=wide tabindex=0 role=region aria-label=\"{caption}\"><table><caption>\
             {caption}</caption><thead><tr>"
        );
        for (place, head) in self.heads.iter().enumerate() {
            let class = if place <= self.words { "" } else { " class=n" };
            let _ = write!(html, "<th scope=col{class}>{}", escape(head));
        }
        html.push_str("</thead><tbody>");
        for row in self.rows.iter().take(ROWS_MAX) {
            html.push_str("<tr>");
            for (place, cell) in row.iter().enumerate() {
                let cell = escape(cell);
                let _ = match place {
                    0 => write!(html, "<th scope=row>{cell}"),
                    _ if place <= self.words => write!(html, "<td>{cell}"),
                    _ => write!(html, "<td class=n>{cell}"),
                };
            }
        }
        html.push_str("</tbody></table></div>");
        let beyond = self.rows.len().saturating_sub(ROWS_MAX);
        if beyond > 0 {
            let _ = write!(html, "<p class=note>{beyond} more rows are not shown.");
        }
        html
    }
}

/// A plot: its title and what it says above, its numbers below.
fn figure_html((id, title, about): (&str, &str, &str), svg: &str, numbers: &Table) -> String {
    format!(
        "<figure aria-labelledby=\"{id}-h\"><figcaption><h3 id=\"{id}-h\">{}</h3><p>{}</p>\
         </figcaption>{svg}<details><summary>Numbers<span class=hid> of {}</span></summary>{}\
         </details></figure>",
        escape(title),
        escape(about),
        escape(title),
        numbers.html(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_leaves_its_place() {
        let nasty = "<script>alert('1')</script> \"&\u{0}\u{1b}";
        let safe = escape(nasty);
        assert!(!safe.contains(['<', '>', '"', '\'', '\u{0}', '\u{1b}']), "{safe}");
        assert_eq!(escape("a & b\n"), "a &amp; b\n");
        let table = Table {
            caption: nasty.to_owned(),
            heads: vec![nasty.to_owned(); 2],
            rows: vec![vec![nasty.to_owned(); 2]],
            words: 0,
        };
        assert!(!table.html().contains("<script"));
        assert!(!head(nasty, "").contains("<script"));
    }

    #[test]
    fn a_page_forbids_what_it_does_not_need() {
        let page = head("Title", "p{color:red}");
        assert!(page.starts_with(MARK));
        assert!(page.contains("default-src 'none'"));
        for outside in ["http://", "https://", "<script", "<link", "@import", "url("] {
            assert!(!page.contains(outside), "{outside}");
        }
    }

    #[test]
    fn a_long_table_says_what_it_leaves_out() {
        let rows = vec![vec!["1".to_owned()]; ROWS_MAX + 7];
        let table = Table { rows, ..Table::default() }.html();
        assert_eq!(table.matches("<tr>").count(), ROWS_MAX + 1, "one of them the head");
        assert!(table.contains("7 more rows are not shown"));
    }
}
