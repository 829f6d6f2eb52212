//! A text in blocks, written as Markdown or as one HTML page.

use std::fmt::Write as _;

/// A text in blocks.
#[derive(Clone, Debug, Default)]
pub struct Document {
    blocks: Vec<Block>,
}

#[derive(Clone, Debug)]
enum Block {
    /// Level from 1.
    Heading(usize, String),
    Text(String),
    List(Vec<String>),
    Table(Vec<String>, Vec<Vec<String>>),
}

const STYLE: &str = "body{font:15px/1.5 system-ui,sans-serif;max-width:70rem;margin:2rem auto;\
    padding:0 1rem;color:#222}table{border-collapse:collapse;margin:1rem 0;width:100%}\
    th,td{border:1px solid #ddd;padding:.3rem .5rem;text-align:left;vertical-align:top}\
    th{background:#f4f4f4}h2{margin-top:2.5rem;border-bottom:1px solid #ddd}";

impl Document {
    pub(super) fn heading(&mut self, level: usize, text: impl Into<String>) {
        self.blocks.push(Block::Heading(level, text.into()));
    }

    pub(super) fn text(&mut self, text: impl Into<String>) {
        self.blocks.push(Block::Text(text.into()));
    }

    pub(super) fn list(&mut self, items: Vec<String>) {
        self.blocks.push(Block::List(items));
    }

    pub(super) fn table(&mut self, head: &[&str], rows: Vec<Vec<String>>) {
        self.blocks.push(Block::Table(head.iter().map(|name| (*name).to_owned()).collect(), rows));
    }

    /// As Markdown, a line at the end.
    pub fn markdown(&self) -> String {
        let mut out = String::new();
        let cell = |text: &String| text.replace('|', "\\|").replace('\n', " ");
        for (at, block) in self.blocks.iter().enumerate() {
            if at > 0 {
                out.push('\n');
            }
            // Writing to a String cannot fail.
            let _ = match block {
                Block::Heading(level, text) => writeln!(out, "{} {text}", "#".repeat(*level)),
                Block::Text(text) => writeln!(out, "{text}"),
                Block::List(items) => items.iter().try_for_each(|item| writeln!(out, "- {item}")),
                Block::Table(head, rows) => {
                    let line = |cells: &[String]| {
                        format!("| {} |", cells.iter().map(cell).collect::<Vec<_>>().join(" | "))
                    };
                    let rule = format!("|{}", "---|".repeat(head.len()));
                    let _ = writeln!(out, "{}\n{rule}", line(head));
                    rows.iter().try_for_each(|row| writeln!(out, "{}", line(row)))
                }
            };
        }
        out
    }

    /// As one page that needs nothing else.
    pub fn html(&self) -> String {
        let title = self.blocks.iter().find_map(|block| match block {
            Block::Heading(1, text) => Some(escaped(text)),
            _ => None,
        });
        let mut out = format!(
            "<!DOCTYPE html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\"><title>{}</title>\
             <style>{STYLE}</style></head>\n<body>\n",
            title.unwrap_or_default()
        );
        for block in &self.blocks {
            let _ = match block {
                Block::Heading(level, text) => {
                    writeln!(out, "<h{level}>{}</h{level}>", escaped(text))
                }
                Block::Text(text) => writeln!(out, "<p>{}</p>", escaped(text)),
                Block::List(items) => {
                    let items: String =
                        items.iter().map(|item| format!("<li>{}</li>", escaped(item))).collect();
                    writeln!(out, "<ul>{items}</ul>")
                }
                Block::Table(head, rows) => {
                    let cells = |cells: &[String], tag: &str| -> String {
                        let cell = |text: &String| format!("<{tag}>{}</{tag}>", escaped(text));
                        format!("<tr>{}</tr>\n", cells.iter().map(cell).collect::<String>())
                    };
                    let rows: String = rows.iter().map(|row| cells(row, "td")).collect();
                    writeln!(out, "<table>\n{}{rows}</table>", cells(head, "th"))
                }
            };
        }
        out.push_str("</body>\n</html>\n");
        out
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_hold_everything_and_escape() {
        let mut document = Document::default();
        document.heading(1, "A & B");
        document.text("One <two>.");
        document.list(vec!["x".to_owned()]);
        document.table(&["a"], vec![vec!["1|2".to_owned()]]);
        assert_eq!(
            document.markdown(),
            "# A & B\n\nOne <two>.\n\n- x\n\n| a |\n|---|\n| 1\\|2 |\n"
        );
        let html = document.html();
        assert!(html.contains("<title>A &amp; B</title>"));
        assert!(html.contains("<p>One &lt;two&gt;.</p>"));
        assert!(html.contains("<tr><td>1|2</td></tr>"));
    }
}
