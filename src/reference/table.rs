use std::borrow::Cow;

/// Rows of a compiled-in table without its header, `N` cells each; missing cells are empty. The
/// tables hold no line breaks inside cells. O(length), and no allocation except for cells with
/// doubled quotes.
pub(super) fn rows<const N: usize>(
    table: &'static str,
) -> impl Iterator<Item = [Cow<'static, str>; N]> {
    table.lines().skip(1).filter(|line| !line.is_empty()).map(cells)
}

/// Rows of a table whose first `N` cells are never quoted.
pub(super) fn plain_rows<const N: usize>(
    table: &'static str,
) -> impl Iterator<Item = [&'static str; N]> {
    table.lines().skip(1).filter(|line| !line.is_empty()).map(|line| {
        let mut out = [""; N];
        for (cell, text) in out.iter_mut().zip(line.split(',')) {
            *cell = text;
        }
        out
    })
}

fn cells<const N: usize>(line: &'static str) -> [Cow<'static, str>; N] {
    let mut out = [const { Cow::Borrowed("") }; N];
    if !line.contains('"') {
        for (cell, text) in out.iter_mut().zip(line.split(',')) {
            *cell = Cow::Borrowed(text);
        }
        return out;
    }
    let mut rest = line;
    for cell in &mut out {
        let (text, after) = take_cell(rest);
        *cell = text;
        rest = after;
    }
    out
}

fn take_cell(rest: &'static str) -> (Cow<'static, str>, &'static str) {
    let Some(quoted) = rest.strip_prefix('"') else {
        let (cell, after) = rest.split_once(',').unwrap_or((rest, ""));
        return (Cow::Borrowed(cell), after);
    };
    let bytes = quoted.as_bytes();
    let (mut at, mut doubled) = (0, false);
    while at < bytes.len() {
        if bytes[at] == b'"' {
            if bytes.get(at + 1) != Some(&b'"') {
                break;
            }
            doubled = true;
            at += 1;
        }
        at += 1;
    }
    let cell = &quoted[..at.min(quoted.len())];
    let after = quoted.get(at + 1..).unwrap_or("");
    let cell = if doubled { Cow::Owned(cell.replace("\"\"", "\"")) } else { Cow::Borrowed(cell) };
    (cell, after.strip_prefix(',').unwrap_or(after))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_plain_and_quoted_cells() {
        let table = "a,b,c\n1,2,3\n\"x, y\",\"d\"\"r\",z\nshort\n";
        let rows: Vec<[Cow<'static, str>; 3]> = rows(table).collect();
        assert_eq!(rows[0], ["1", "2", "3"]);
        assert_eq!(rows[1], ["x, y", "d\"r", "z"]);
        assert_eq!(rows[2], ["short", "", ""]);
    }
}
