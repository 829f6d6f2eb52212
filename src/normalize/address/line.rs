//! One or more address lines into number, street, unit and post-office box.

use crate::reference::street::{Lexicon, Style, lexicon};

use super::street::street_tokens;
use super::text::{Token, is_addition, is_numbered_road, is_ordinal, prepare, tokens};

/// What the lines say.
#[derive(Default)]
pub(super) struct Parts {
    pub number: String,
    pub street: Vec<String>,
    pub unit: String,
    pub po_box: String,
    /// How much the best line looks like a street, 0 if none did.
    score: u8,
    numbered: bool,
}

/// How lines are read.
#[derive(Clone, Copy)]
pub(super) struct Reader {
    pub style: Style,
    pub country: Option<[u8; 2]>,
    /// The house number has a column of its own.
    pub number_given: bool,
}

impl Reader {
    fn number_first(self) -> bool {
        matches!(self.style, Style::English | Style::French)
    }

    fn lexicon(self) -> &'static Lexicon {
        lexicon(self.style)
    }

    /// Reads one line (or a cell of several) into `parts`; earlier lines win where equal.
    pub(super) fn read(self, line: &str, parts: &mut Parts) {
        if line.is_empty() {
            return;
        }
        let text = prepare(line, self.style);
        let mut pending: Vec<Token<'_>> = Vec::new();
        for segment in text.split([',', ';', '\n', '|']) {
            let tokens = self.tokens(segment);
            if tokens.is_empty() {
                continue;
            }
            // `579, avenue de Humbert`: a number and then its street.
            if self.number_first() && is_bare_number(&tokens) && pending.is_empty() {
                pending = tokens;
                continue;
            }
            if !pending.is_empty() {
                let rest = std::mem::take(&mut pending);
                if rest.iter().all(Token::is_value) && tokens[0].text.len() > 1 {
                    let mut joined = rest;
                    joined.extend(tokens);
                    self.segment(joined, parts);
                    continue;
                }
                self.segment(rest, parts);
            }
            // `Calle Mayor, 5`: a street and then its number.
            if !self.number_first()
                && parts.score > 0
                && !parts.numbered
                && parts.number.is_empty()
                && !self.number_given
                && self.leading_number(&tokens)
            {
                let at = usize::from(!tokens[0].starts_with_digit());
                let used = self.number(&tokens, at, parts);
                parts.numbered = true;
                self.unit(&tokens[used..], &mut parts.unit);
                continue;
            }
            self.segment(tokens, parts);
        }
        if !pending.is_empty() {
            self.segment(pending, parts);
        }
    }

    /// Reads a value of a column for units.
    pub(super) fn read_unit(self, value: &str, parts: &mut Parts) {
        if value.is_empty() {
            return;
        }
        let text = prepare(value, self.style);
        for segment in text.split([',', ';', '\n', '|']) {
            let tokens = self.tokens(segment);
            self.unit(&tokens, &mut parts.unit);
        }
    }

    /// Reads a value of a column for house numbers.
    pub(super) fn read_number(self, value: &str, parts: &mut Parts) {
        let text = prepare(value, self.style);
        let tokens = self.tokens(&text);
        let Some(at) = tokens.iter().position(Token::starts_with_digit) else {
            if let [only] = tokens[..] {
                only.text.clone_into(&mut parts.number);
            }
            return;
        };
        let used = self.number(&tokens, at, parts);
        self.unit(&tokens[used..], &mut parts.unit);
    }

    fn leading_number(self, tokens: &[Token<'_>]) -> bool {
        tokens[0].starts_with_digit()
            || self.lexicon().roles(tokens[0].text).is_number()
                && tokens.get(1).is_some_and(Token::starts_with_digit)
    }

    fn segment(self, mut tokens: Vec<Token<'_>>, parts: &mut Parts) {
        let words = self.lexicon();
        if let Some(start) = self.take_box(&mut tokens, parts) {
            tokens.truncate(start);
        }
        self.drop_care_of(&mut tokens);
        // `Flat 2, 14 High St`, `Unit 3/45 Smith St`.
        let mut start = 0;
        while self.number_first()
            && parts.score < 4
            && let Some([designator, value]) = tokens.get(start..start + 2)
            && (words.roles(designator.text).is_unit() || value.sep == b'#')
            && value.is_value()
            // `Flat` is a type too: then a house number must follow.
            && (!words.roles(designator.text).is_type()
                || tokens.get(start + 2).is_none_or(Token::starts_with_digit))
        {
            let mut end = start + 2;
            while tokens
                .get(end)
                .is_some_and(|t| t.is_letter() && (t.sep != b' ' || end + 1 == tokens.len()))
            {
                end += 1;
            }
            self.unit(&tokens[start..end], &mut parts.unit);
            start = end;
        }
        let mut tokens = &tokens[start..];
        if self.number_first()
            && let Some(at) = self.unit_start(tokens)
        {
            self.unit(&tokens[at..], &mut parts.unit);
            tokens = &tokens[..at];
        }
        if tokens.is_empty() {
            return;
        }
        if parts.score >= 4 || (parts.score > 0 && parts.numbered) {
            // The street is known; what is short belongs inside the house.
            let inside = tokens.iter().all(|t| t.is_value() || words.roles(t.text).is_inside());
            if inside && tokens.len() <= 6 {
                self.unit(tokens, &mut parts.unit);
            }
            return;
        }
        self.street(tokens, parts);
    }

    /// Takes number and street of a segment if it looks more like a street than what is there.
    fn street(self, tokens: &[Token<'_>], parts: &mut Parts) {
        let mut here = Parts::default();
        let core: &[Token<'_>];
        if let [only] = tokens
            && only.starts_with_digit()
            && !is_ordinal(only.text)
        {
            if parts.number.is_empty() {
                self.number(tokens, 0, parts);
            }
            return;
        }
        // `Hayes Center 4859 S Wabash`: the house's name stands before its number.
        let tokens = self.without_house_name(tokens);
        match self.number_position(tokens) {
            Some(0) => {
                let at = usize::from(!tokens[0].starts_with_digit());
                let used = self.number(tokens, at, &mut here);
                core = &tokens[used..];
                here.numbered = true;
            }
            Some(at) => {
                let used = self.number(tokens, at, &mut here);
                self.unit(&tokens[used..], &mut here.unit);
                let marked = self.lexicon().roles(tokens[at - 1].text).is_number();
                core = &tokens[..at - usize::from(marked && at > 1)];
                here.numbered = true;
            }
            None => core = without_no_number(tokens),
        }
        let core = self.split_trailing_value(core, &mut here);
        let (street, typed) = street_tokens(core, self.style);
        let score = match (here.numbered, typed) {
            _ if street.is_empty() => 0,
            (true, _) if !self.number_given => 4 + u8::from(typed),
            (_, true) => 3,
            _ => 1,
        };
        if score > parts.score {
            parts.score = score;
            parts.street = street;
            parts.numbered = here.numbered;
            if !self.number_given || parts.number.is_empty() {
                parts.number = here.number;
            }
            append(&mut parts.unit, &here.unit, b' ');
        } else if score == 0 && parts.number.is_empty() && here.numbered && parts.score > 0 {
            parts.number = here.number;
        }
    }

    fn without_house_name<'t, 'a>(self, tokens: &'t [Token<'a>]) -> &'t [Token<'a>] {
        if self.style != Style::English || tokens[0].starts_with_digit() {
            return tokens;
        }
        let words = self.lexicon();
        let named = |rest: &[Token<'_>]| {
            rest.iter().any(|t| {
                let roles = words.roles(t.text);
                t.text.len() > 1
                    && !roles.is_type()
                    && !roles.is_direction()
                    && !t.starts_with_digit()
            })
        };
        let number = (1..tokens.len()).find(|&at| {
            tokens[at].text.bytes().all(|b| b.is_ascii_digit())
                && !is_numbered_road(words.canonical(tokens[at - 1].text))
                && !words.roles(tokens[at - 1].text).is_number()
                && named(&tokens[at + 1..])
        });
        number.map_or(tokens, |at| &tokens[at..])
    }

    /// Where the house number is: the first token, or the first number after the name.
    fn number_position(self, tokens: &[Token<'_>]) -> Option<usize> {
        let words = self.lexicon();
        let first = tokens[0].starts_with_digit() && !is_ordinal(tokens[0].text)
            || tokens.len() > 2
                && words.roles(tokens[0].text).is_number()
                && tokens[1].starts_with_digit();
        if self.number_first() {
            if first && tokens.len() > 1 {
                return Some(0);
            }
            // `High Street 12`, but not `Highway 12`.
            let last = tokens.len() - 1;
            let numbered_road =
                last > 0 && is_numbered_road(words.canonical(tokens[last - 1].text));
            return (last >= 2 || last == 1 && !words.roles(tokens[0].text).is_type())
                .then_some(last)
                .filter(|&last| {
                    tokens[last].starts_with_digit()
                        && !is_ordinal(tokens[last].text)
                        && !numbered_road
                });
        }
        let after_name = (1..tokens.len()).find(|&at| {
            tokens[at].starts_with_digit()
                && tokens.get(at + 1).is_none_or(|next| {
                    let roles = words.roles(next.text);
                    next.starts_with_digit()
                        || matches!(next.sep, b'-' | b'/')
                        || roles.is_inside()
                        || is_addition(next.text)
                        || (next.text.len() <= 2 && !roles.is_article())
                })
        });
        after_name.or_else(|| (first && tokens.len() > 1).then_some(0))
    }

    /// Reads the house number at `at`; returns the index behind it.
    fn number(self, tokens: &[Token<'_>], at: usize, parts: &mut Parts) -> usize {
        let digits = tokens[at].text;
        let trimmed = digits.trim_start_matches('0');
        parts.number.clear();
        parts.number.push_str(if trimmed.is_empty() { digits } else { trimmed });
        let mut next = at + 1;
        let Some(token) = tokens.get(next) else { return next };
        if token.starts_with_digit() && matches!(token.sep, b'-' | b'/' | b'+') {
            let fraction = self.style == Style::English
                && tokens.get(next + 1).is_some_and(|t| t.sep == b'/' && t.starts_with_digit());
            let unit_before = self.style == Style::English && self.is_unit_before(token, digits);
            if fraction {
                // 12-1/2
                next += 2;
            } else if unit_before {
                let unit = std::mem::replace(&mut parts.number, token.text.to_owned());
                append(&mut parts.unit, &unit, b' ');
                next += 1;
            } else if token.sep == b'/' && self.style != Style::French
                || self.style == Style::Dutch
                || self.country == Some(*b"AT")
            {
                // Flat behind the slash: 12/34, 12/3/14.
                while let Some(part) = tokens.get(next).filter(|t| t.sep != b' ') {
                    append(&mut parts.unit, part.text, b' ');
                    next += 1;
                }
            } else {
                parts.number.push('-');
                parts.number.push_str(token.text);
                next += 1;
            }
            return self.letter(tokens, next, parts);
        }
        // 12 1/2 Main St
        if self.style == Style::English
            && token.starts_with_digit()
            && tokens.get(next + 1).is_some_and(|t| t.sep == b'/' && t.starts_with_digit())
        {
            return next + 2;
        }
        self.letter(tokens, next, parts)
    }

    /// A letter or `bis` that belongs to the number.
    fn letter(self, tokens: &[Token<'_>], at: usize, parts: &mut Parts) -> usize {
        let Some(token) = tokens.get(at) else { return at };
        let words = self.lexicon();
        let roles = words.roles(token.text);
        if is_addition(token.text) && parts.number.ends_with(|c: char| c.is_ascii_digit()) {
            parts.number.push_str(token.text);
            return at + 1;
        }
        if !token.is_letter() || !parts.number.ends_with(|c: char| c.is_ascii_digit()) {
            return at;
        }
        let close = matches!(token.sep, b'/' | b'-');
        let first = at <= 2 && self.number_first();
        let joins = if first {
            // `12 A High St`, but `12 N Main St` and `12 A St`.
            let follower = tokens.get(at + 1);
            follower.is_some_and(|t| {
                close || !roles.is_direction() && !roles.is_type() && !words.roles(t.text).is_type()
            }) && (close || !roles.is_type())
                || follower.is_some() && self.style == Style::French && !roles.is_type()
        } else {
            !roles.is_unit() || tokens.get(at + 1).is_none()
        };
        if joins {
            parts.number.push_str(token.text);
            return at + 1;
        }
        at
    }

    /// `3/45 Smith St`, `1203-88 Bay St`: the flat stands before the number.
    fn is_unit_before(self, second: &Token<'_>, first: &str) -> bool {
        if second.sep == b'/' {
            return self.country != Some(*b"US");
        }
        let Some(country) = self.country else { return false };
        let (Ok(a), Ok(b)) = (first.parse::<u32>(), second.text.parse::<u32>()) else {
            return matches!(&country, b"CA") && second.starts_with_digit();
        };
        second.sep == b'-' && matches!(&country, b"CA" | b"AU" | b"NZ") && (b < a || b - a > 20)
    }

    /// Index from which a segment speaks of the inside of the house.
    fn unit_start(self, tokens: &[Token<'_>]) -> Option<usize> {
        let words = self.lexicon();
        (0..tokens.len()).find_map(|at| {
            let token = &tokens[at];
            let roles = words.roles(token.text);
            let next = tokens.get(at + 1);
            if token.sep == b'#' {
                return Some(at);
            }
            if next.is_some_and(|t| t.sep == b'#') && roles.is_unit() {
                return Some(at);
            }
            if roles.is_unit()
                && next.is_some_and(|t| t.is_value() && !(t.is_letter() && self.is_compass(t)))
                && !(roles.is_type() && at > 0 && next.is_some_and(Token::is_letter))
            {
                return Some(at);
            }
            if roles.is_level()
                && at > 0
                && is_ordinal(tokens[at - 1].text)
                && (at != 2
                    || tokens.len() != 3
                    || !tokens[0].starts_with_digit()
                    || at + 1 == tokens.len())
            {
                return Some(at - 1);
            }
            (roles.is_alone()
                && (at == 0 && tokens.len() == 1 || at >= 2 && at + 1 == tokens.len()))
            .then_some(at)
        })
    }

    fn is_compass(self, token: &Token<'_>) -> bool {
        self.style == Style::English && self.lexicon().roles(token.text).is_direction()
    }

    /// `2420 W Lemoyne Ave 1`, `12 Main St B`: a value behind the type is a unit.
    fn split_trailing_value<'t, 'a>(
        self,
        core: &'t [Token<'a>],
        parts: &mut Parts,
    ) -> &'t [Token<'a>] {
        let words = self.lexicon();
        if self.style != Style::English || !parts.numbered || core.len() < 3 {
            return core;
        }
        let (Some(last), Some(before)) = (core.last(), core.get(core.len() - 2)) else {
            return core;
        };
        let value = last.is_value() && last.text.len() <= 5 && !is_ordinal(last.text);
        if value
            && words.roles(before.text).is_type()
            && !is_numbered_road(words.canonical(before.text))
            && !words.roles(last.text).is_direction()
        {
            append(&mut parts.unit, last.text, b' ');
            return &core[..core.len() - 1];
        }
        core
    }

    /// Appends the values of tokens; designators say only that a value follows.
    fn unit(self, tokens: &[Token<'_>], unit: &mut String) {
        let words = self.lexicon();
        let mut joined = false;
        for (index, token) in tokens.iter().enumerate() {
            let roles = words.roles(token.text);
            let more = tokens.get(index + 1).is_some_and(Token::is_value);
            let designator = (roles.is_unit() || roles.is_level() || roles.is_number())
                && (token.text.len() > 1 || more && index == 0)
                && (more || index > 0 || tokens.len() > 1);
            if designator && (more || !roles.is_alone()) {
                joined = false;
                continue;
            }
            let value = self.value(token.text);
            let glue = joined
                && unit.ends_with(|c: char| c.is_ascii_digit())
                && value.len() == 1
                && value.as_bytes()[0].is_ascii_alphabetic();
            if glue {
                unit.push_str(value);
            } else {
                let numbers = token.sep == b'-' && joined && value.as_bytes()[0].is_ascii_digit();
                append(unit, value, if numbers { b'-' } else { b' ' });
            }
            joined = true;
        }
    }

    /// `3rd`, `2.º`, `1er` as the number alone; words for left and right in one form.
    fn value(self, text: &str) -> &str {
        match text {
            "izda" | "izqda" | "izquierda" => return "izq",
            "derecha" | "der" => return "dcha",
            "dir" | "direito" => return "dto",
            "esquerdo" => return "esq",
            _ => {}
        }
        let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let ordinal = match &text[digits..] {
            "st" | "nd" | "rd" | "th" | "er" | "eme" | "ere" => true,
            "o" | "a" => matches!(self.style, Style::Spanish | Style::Portuguese),
            _ => false,
        };
        if digits > 0 && ordinal { &text[..digits] } else { text }
    }

    /// Finds a post-office box; returns where the tokens that name it begin.
    fn take_box(self, tokens: &mut [Token<'_>], parts: &mut Parts) -> Option<usize> {
        for at in 0..tokens.len() {
            let text = |offset: usize| tokens.get(at + offset).map_or("", |t| t.text);
            let (length, sure) = match (text(0), text(1), text(2)) {
                ("post", "office", "box") | ("p", "o", "box") => (3, true),
                ("apartado", "de", "correos") | ("apdo", "de", "correos") => (3, true),
                ("po", "box", _)
                | ("gpo", "box", _)
                | ("locked", "bag", _)
                | ("private", "bag", _)
                | ("post", "box", _)
                | ("boite", "postale", _)
                | ("casella", "postale", _)
                | ("case", "postale", _)
                | ("caixa", "postal", _)
                | ("apartado", "postal", _)
                | ("skrytka", "pocztowa", _)
                | ("skr", "poczt", _) => (2, true),
                (
                    "pobox" | "postfach" | "postbus" | "postboks" | "apartado" | "apdo" | "aptdo",
                    _,
                    _,
                ) => (1, true),
                ("pob" | "pmb" | "postbox" | "drawer" | "postilokero", _, _) => (1, false),
                ("box", _, _) if at == 0 => (1, false),
                ("pf" | "pb", _, _) if self.style != Style::English => (1, false),
                ("bp" | "cs", _, _) if matches!(self.style, Style::French | Style::Dutch) => {
                    (1, false)
                }
                ("b", "p", _) if self.style == Style::French => (2, false),
                ("cp", _, _) if matches!(self.style, Style::Italian | Style::Portuguese) => {
                    (1, false)
                }
                _ => continue,
            };
            let mut value = String::new();
            for token in &tokens[at + length..] {
                let marker = self.lexicon().roles(token.text).is_number() || token.text == "no";
                if value.is_empty() && marker {
                    continue;
                }
                let digits = token.text.bytes().all(|b| b.is_ascii_digit());
                if digits || value.is_empty() && token.is_value() {
                    value.push_str(token.text);
                } else {
                    break;
                }
            }
            if value.is_empty() && !sure {
                continue;
            }
            if parts.po_box.is_empty() {
                parts.po_box = value;
            }
            return Some(at);
        }
        None
    }

    /// `c/o Smith`, `Attn: Sales`: until the number of a street, where one follows.
    fn drop_care_of(self, tokens: &mut Vec<Token<'_>>) {
        let text = |at: usize| tokens.get(at).map_or("", |t| t.text);
        let slash = tokens.get(1).is_some_and(|t| t.sep == b'/');
        let care_of = match (text(0), text(1)) {
            ("c", "o") | ("p", "a") => slash,
            ("attn" | "attention" | "att" | "zhd" | "chez" | "presso", _) => tokens.len() > 1,
            ("care", "of") | ("z", "hd") | ("zu", "handen") | ("zh", "v") => true,
            _ => false,
        };
        if care_of {
            let number = tokens.iter().position(Token::starts_with_digit);
            match number.filter(|_| self.number_first()) {
                Some(at) => drop(tokens.drain(..at)),
                None => tokens.clear(),
            }
        }
    }

    pub(super) fn tokens(self, segment: &str) -> Vec<Token<'_>> {
        tokens(segment, self.lexicon(), !self.number_first())
    }
}

fn is_bare_number(tokens: &[Token<'_>]) -> bool {
    tokens.len() <= 3
        && tokens[0].starts_with_digit()
        && tokens[1..].iter().all(|t| t.is_value() || is_addition(t.text))
}

/// `s/n`, `snc`: no number.
fn without_no_number<'t, 'a>(tokens: &'t [Token<'a>]) -> &'t [Token<'a>] {
    match tokens {
        [rest @ .., s, n]
            if !rest.is_empty() && s.text == "s" && n.text == "n" && n.sep == b'/' =>
        {
            rest
        }
        [rest @ .., one] if !rest.is_empty() && matches!(one.text, "sn" | "snc") => rest,
        _ => tokens,
    }
}

fn append(out: &mut String, value: &str, separator: u8) {
    if value.is_empty() {
        return;
    }
    if !out.is_empty() {
        out.push(separator as char);
    }
    out.push_str(value);
}
