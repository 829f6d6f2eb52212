//! Mail addresses: levels, and the chance of agreement given the names.

use super::Side;
use super::names::NameLevels;
use super::pattern::{Pattern, PatternShares};
use super::table::{EmailEntry, EmailValue, Table};
use crate::model::EntityKind;
use crate::similarity::{jaro_winkler_at_least, osa_within};

/// Levels, best first.
pub(super) const LEVELS: &[&str] = &[
    "equal",
    "same name before @, domain one typing error away",
    "same name before @, other domain",
    "nearly the same name before @, same domain",
    "same letters, other digits or dots",
    "nearly the same name before @, other domain",
    "same company domain",
    "different",
];

/// The best pair of two records' addresses.
#[derive(Clone, Copy, Debug)]
pub(super) struct Mail {
    pub(super) level: u8,
    pub(super) a: EmailEntry,
    pub(super) b: EmailEntry,
}

impl Mail {
    /// Both write the same name before the @: what either name was read out of it is no evidence.
    pub(super) fn same_local(&self) -> bool {
        self.level <= 2
    }
}

/// Finds the best pair; `None` where nothing can be compared.
pub(super) fn compare(t: &Table, a: Side<'_>, b: Side<'_>) -> Option<Mail> {
    let person = |side: Side<'_>| t.kind[side.record as usize] == EntityKind::Person;
    let persons = person(a) || person(b);
    let mut best: Option<Mail> = None;
    for (ea, va) in a.row.emails(t, a.record) {
        for (eb, vb) in b.row.emails(t, b.record) {
            let Some(level) = level(t, (ea, va), (eb, vb), persons) else { continue };
            // Of several equal addresses the rarest tells most.
            let better = best.is_none_or(|m| {
                level < m.level
                    || (level == 0
                        && m.level == 0
                        && t.counts.email.get(ea.email) < t.counts.email.get(m.a.email))
            });
            if better {
                best = Some(Mail { level, a: ea, b: eb });
            }
        }
    }
    best
}

fn level(
    t: &Table,
    (ea, va): (EmailEntry, &EmailValue),
    (eb, vb): (EmailEntry, &EmailValue),
    persons: bool,
) -> Option<u8> {
    let same_domain = va.domain == vb.domain;
    // `ar20@` is a department's mailbox, but not where the owner is called Alfie Roberts.
    let role = |e: EmailEntry| e.role && e.pattern == 0;
    if persons && (role(ea) || role(eb)) {
        // A function's mailbox says where somebody works, not who it is.
        return (same_domain && !va.free).then_some(6);
    }
    if ea.email == eb.email {
        return Some(0);
    }
    if va.relay || vb.relay {
        return None;
    }
    if va.local == vb.local {
        return Some(if near_domain(t, va, vb) { 1 } else { 2 });
    }
    if same_but_dots(t, va, vb) && near_domain(t, va, vb) {
        return Some(1);
    }
    // Most pairs have too few characters in common for any likeness. Two edits change at most four
    // bits of a bag; a Jaro–Winkler similarity of .95 leaves at most a seventh of the characters
    // without a partner.
    let unlike = (va.bag ^ vb.bag).count_ones();
    let winkler = same_domain && unlike <= (u32::from(va.len) + u32::from(vb.len)) / 7 + 1;
    if unlike > 4 && !winkler && va.letters != vb.letters {
        return Some(if same_domain && !va.free { 6 } else { 7 });
    }
    let (la, lb) = (t.local.get(va.local), t.local.get(vb.local));
    let shorter = la.len().min(lb.len());
    let edits = if shorter >= 10 { 2 } else { 1 };
    let near = unlike <= 4 && shorter >= 4 && osa_within(la, lb, edits).is_some();
    if near && same_domain {
        return Some(3);
    }
    if va.letters == vb.letters && va.letters != super::NONE && t.letters.get(va.letters).len() >= 4
    {
        return Some(4);
    }
    if near {
        return Some(5);
    }
    if winkler && shorter >= 5 && jaro_winkler_at_least(la, lb, 0.95) {
        return Some(3);
    }
    // One typing error in each half, or one that moved the @.
    if unlike <= 4 && !va.free && shorter >= 3 {
        let (wa, wb) = (t.email.get(ea.email), t.email.get(eb.email));
        if wa.len().min(wb.len()) >= 10 && osa_within(wa, wb, 2).is_some() {
            return Some(3);
        }
    }
    Some(if same_domain && !va.free { 6 } else { 7 })
}

/// A domain that is one or two edits from another at least thirty times as frequent is most likely
/// a typing error of it; so is one that is one edit from that of a provider whom everybody knows.
/// Two providers are two providers: `yahoo.ca` is no error.
fn near_domain(t: &Table, a: &EmailValue, b: &EmailValue) -> bool {
    /// `gmail.com`; with shorter ones too many domains are an edit apart.
    const TELLING: usize = 9;
    if a.free && b.free {
        return false;
    }
    let (ca, cb) = (t.counts.domain.get(a.domain), t.counts.domain.get(b.domain));
    let (rare, frequent) = (ca.min(cb).max(1), ca.max(cb));
    let (ta, tb) = (t.domain.get(a.domain), t.domain.get(b.domain));
    let known = if a.free { ta } else { tb };
    if (a.free || b.free) && known.len() >= TELLING && osa_within(ta, tb, 1).is_some() {
        return true;
    }
    frequent >= 30 * rare && osa_within(ta, tb, 2).is_some()
}

/// Share of mail addresses with an error in the domain: a namesake's must have one, too.
const MISTYPED: f64 = 0.02;

/// Whether two local parts are the same but for their dots: a provider that ignores them is known by
/// its domain, and that is mistyped.
fn same_but_dots(t: &Table, a: &EmailValue, b: &EmailValue) -> bool {
    let bytes = |local| t.local.get(local).bytes().filter(|byte| *byte != b'.');
    a.letters == b.letters && a.digits == b.digits && bytes(a.local).eq(bytes(b.local))
}

/// Chance of a name part that the pair has not agreed on yet; .08 for an initial.
const INITIAL_SHARE: f64 = 0.08;

/// ln u of the level reached, and for equal addresses ln of the base of its collision term.
///
/// `cond` is the chance that another person, who shares the names already agreed on, made up the
/// same letters: the pattern's share times the frequency of each name in it that was not agreed on.
pub(super) fn feature(
    t: &Table,
    shares: &PatternShares,
    a: u32,
    b: u32,
    mail: &Mail,
    names: &NameLevels,
) -> (f32, f32) {
    if mail.level == 7 {
        return (0.0, f32::NEG_INFINITY);
    }
    let (va, vb) = (&t.email_values[mail.a.email as usize], &t.email_values[mail.b.email as usize]);
    if mail.level == 6 {
        let count = t.counts.domain.get(va.domain).saturating_sub(2);
        return (count as f32, f32::NEG_INFINITY);
    }
    let cond_a = conditional(t, shares, a, Pattern(mail.a.pattern), names);
    let cond_b = conditional(t, shares, b, Pattern(mail.b.pattern), names);
    let cond = cond_a.max(cond_b);
    let digits = f64::from(va.digits.min(vb.digits));
    let exact_digits = cond * 10_f64.powf(-digits);
    let records = f64::from(t.counts.email.records.max(1));
    let rare = |count: u32| (f64::from(count.saturating_sub(2)) + 0.05) / records;
    // Chance of the same domain, where it is the same but for a typing error.
    let domain = t.counts.domain.share(va.domain).max(t.counts.domain.share(vb.domain));
    let u = match mail.level {
        0 => {
            let base = exact_digits * t.counts.domain.share(va.domain);
            let base = if base > 0.0 { base.ln() as f32 } else { f32::NEG_INFINITY };
            return (t.counts.email.get(mail.a.email).saturating_sub(2) as f32, base);
        }
        // The same mailbox, mistyped once: as unique as an equal one.
        1 => {
            let base = MISTYPED * exact_digits * domain;
            let base = if base > 0.0 { base.ln() as f32 } else { f32::NEG_INFINITY };
            let count = |entry: EmailEntry| t.counts.email.get(entry.email);
            let count = count(mail.a).max(count(mail.b)).saturating_sub(2);
            return (count as f32, base);
        }
        2 => rare(t.counts.local.get(va.local)).max(exact_digits),
        4 => letters(t, va.letters, cond, names, a),
        _ => {
            let nd = f64::from(va.digits.max(vb.digits));
            let same_place = if mail.level == 3 { domain } else { 1.0 };
            same_place
                * if va.letters == vb.letters {
                    // The same letters with digits one edit apart.
                    letters(t, va.letters, cond, names, a)
                        * (18.0 * nd.max(0.5) * 10_f64.powf(-nd)).min(1.0)
                } else if cond_a > 0.0 && cond_b > 0.0 {
                    cond * 10_f64.powf(1.0 - nd).min(1.0)
                } else {
                    // One typing error in an address that names do not explain: about as rare as the
                    // address, times the places where the error could be.
                    let len = t.local.get(va.local).len() as f64;
                    let count = t.counts.local.get(va.local).max(t.counts.local.get(vb.local));
                    (rare(count) * len * 4.0).max(cond * 10_f64.powf(1.0 - nd).min(1.0))
                }
        }
    };
    (u.clamp(1e-12, 1.0).ln() as f32, f32::NEG_INFINITY)
}

/// Chance of the same letters: how often they occur among those who bear the agreed names.
fn letters(t: &Table, letters: u32, cond: f64, names: &NameLevels, a: u32) -> f64 {
    let records = f64::from(t.counts.letters.records.max(1));
    let count = f64::from(t.counts.letters.get(letters).saturating_sub(2)) + 0.05;
    let mut share = count / records;
    // Given that both bear the names inside, the letters are as common as among the bearers.
    if cond > 0.0
        && let Some(name) = t.names(a).first()
    {
        if names.given_agreed() {
            share /= t.counts.given.share(name.given);
        }
        if names.family_agreed() {
            share /= t.counts.family.share(name.family);
        }
        share = share.min(1.0);
    }
    share.max(cond)
}

fn conditional(
    t: &Table,
    shares: &PatternShares,
    record: u32,
    pattern: Pattern,
    names: &NameLevels,
) -> f64 {
    if !pattern.derived() {
        return 0.0;
    }
    let mut cond = shares.share(pattern);
    let Some(name) = t.names(record).first() else { return 0.0 };
    if !names.given_agreed() {
        if pattern.given() {
            cond *= t.counts.given.share(name.given);
        }
        if pattern.given_initial() && !names.given_initial_agreed() {
            cond *= INITIAL_SHARE;
        }
    }
    if !names.family_agreed() {
        if pattern.family() {
            cond *= t.counts.family.share(name.family);
        }
        if pattern.family_initial() {
            cond *= INITIAL_SHARE;
        }
    }
    cond
}
