//! Mail addresses: cleaning, the provider's own rules, and what an address says of its reader.

use std::borrow::Cow;
use std::sync::Arc;

use crate::model::{Email, EmailQuality, Labelled};
use crate::reference::email::{self as reference, Dots, Subaddress};
use crate::reference::placeholder;

use super::clean::clean;
use super::punycode;

/// Longest address by the mail standard; anything longer is no address.
const LENGTH_MAX: usize = 254;

/// All addresses of a record in their order, each canonical mailbox once (a second label is lost).
pub fn normalize_emails(values: &[Labelled]) -> Vec<Email> {
    let mut emails = Vec::with_capacity(values.len());
    for value in values {
        for email in normalize_email(&value.value, value.label.as_ref()) {
            let known = |other: &Email| {
                (!email.local.is_empty()
                    && other.local == email.local
                    && other.domain == email.domain)
                    || other.address == email.address
            };
            if !emails.iter().any(known) {
                emails.push(email);
            }
        }
    }
    emails
}

/// The addresses of one value: mostly one, several where it holds a list, none where it says that
/// there is none. What is no address is kept for display and marked `useless`. O(length).
///
/// ```
/// use sameas::normalize::email::normalize_email;
/// let email = &normalize_email("mailto:Ann.Lee+shop@GoogleMail.com", None)[0];
/// assert_eq!((email.local.as_str(), email.domain.as_str()), ("annlee", "gmail.com"));
/// assert_eq!(email.address, "ann.lee+shop@googlemail.com");
/// ```
pub fn normalize_email(text: &str, label: Option<&Arc<str>>) -> Vec<Email> {
    // Most values are one plain address.
    if let Some(email) = plain(text, label) {
        return vec![email];
    }
    let text = clean(text);
    if text.is_empty() || placeholder::is_missing(&text) {
        return Vec::new();
    }
    let text = prepared(&text);
    let mut emails: Vec<Email> = Vec::new();
    for part in addresses(&text) {
        if let Some(email) = plain(part, label)
            && !emails.iter().any(|other| other.address == email.address)
        {
            emails.push(email);
        }
    }
    if emails.is_empty() && !text.is_empty() {
        emails.push(unreadable(&text, label));
    }
    emails
}

/// An address as written when nothing needs cleaning but the case.
fn plain(text: &str, label: Option<&Arc<str>>) -> Option<Email> {
    let text = text.trim_ascii();
    if text.len() > LENGTH_MAX {
        return None;
    }
    let (local, domain) = text.split_once('@')?;
    if !is_local(local) || !is_domain(domain) {
        return None;
    }
    let address = lower(text);
    let (local, domain) = address.split_once('@')?;
    let domain = if domain.is_ascii() {
        Cow::Borrowed(domain)
    } else {
        Cow::Owned(punycode::domain(domain))
    };
    let (canonical_local, canonical_domain, quality) = canonical(local, &domain);
    let (local, domain) = (canonical_local.into_owned(), canonical_domain.into_owned());
    Some(Email { local, domain, address, quality, label: label.cloned() })
}

fn lower(text: &str) -> String {
    if text.is_ascii() { text.to_ascii_lowercase() } else { text.to_lowercase() }
}

fn is_local(local: &str) -> bool {
    let bytes = local.as_bytes();
    (1..=64).contains(&bytes.len())
        && !matches!(bytes[0], b'\'' | b'.')
        && bytes.last() != Some(&b'.')
        && !bytes.windows(2).any(|pair| pair == b"..")
        && all(local, |byte| {
            byte.is_ascii_alphanumeric()
                || matches!(byte, b'!' | b'#' | b'$' | b'&' | b'\'' | b'*' | b'+' | b'-' | b'=')
                || matches!(byte, b'?' | b'^' | b'_' | b'`' | b'{' | b'}' | b'~' | b'.')
        })
}

fn is_domain(domain: &str) -> bool {
    let is_label = |label: &[u8]| {
        (1..=63).contains(&label.len()) && label[0] != b'-' && label.last() != Some(&b'-')
    };
    domain.contains('.')
        && domain.as_bytes().split(|byte| *byte == b'.').all(is_label)
        && all(domain, |byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.'))
        && !domain.ends_with(|c: char| c.is_ascii_digit())
}

/// Whether each character is a letter or digit of any script, or ASCII that is allowed.
fn all(text: &str, ascii: impl Fn(u8) -> bool) -> bool {
    if text.is_ascii() {
        return text.bytes().all(ascii);
    }
    text.chars().all(|c| if c.is_ascii() { ascii(c as u8) } else { c.is_alphanumeric() })
}

/// Canonical parts of a lower-case address, and its quality.
fn canonical<'a>(local: &'a str, domain: &'a str) -> (Cow<'a, str>, Cow<'a, str>, EmailQuality) {
    let mut quality = EmailQuality::default();
    if let Some(relay) = reference::relay(domain) {
        quality.relay = relay.stable;
        quality.useless = !relay.stable || reference::is_placeholder_address(local, domain);
        let local = if relay.strip_plus { without_tag(local) } else { local };
        if relay.subdomain_is_user
            && domain.split('.').count() > 2
            && let Some((user, parent)) = domain.split_once('.')
        {
            return (user.into(), parent.into(), quality);
        }
        return (local.into(), relay.canonical_domain.unwrap_or(domain).into(), quality);
    }
    let provider = reference::provider(domain);
    let (mut local, mut domain) = (local, domain);
    let full_local = local;
    quality.free = provider.is_some() || reference::is_free(domain);
    // Some throw-away domains live on the typing errors for a large provider.
    quality.disposable = !quality.free
        && reference::is_disposable(domain)
        && reference::domain_typo(domain).is_none();
    // Company domains live at hosts that know plus tags; free providers without a rule may not.
    let subaddress = match provider {
        Some(provider) => provider.subaddress,
        None if quality.free => Subaddress::None,
        None => Subaddress::Plus,
    };
    if subaddress != Subaddress::None {
        local = without_tag(local);
    }
    if subaddress == Subaddress::PlusAndSubdomain
        && domain.split('.').count() > 2
        && let Some((user, parent)) = domain.split_once('.')
        && reference::provider(parent).is_some_and(|p| p.subaddress == Subaddress::PlusAndSubdomain)
    {
        (local, domain) = (user, parent);
    }
    let mut canonical_local = Cow::Borrowed(local);
    if let Some(provider) = provider {
        let drop: &[char] = match provider.dots {
            Dots::Ignored => &['.'],
            Dots::PunctuationIgnored => &['.', '-', '_'],
            Dots::Keep | Dots::DotIsHyphen => &[],
        };
        if provider.dots == Dots::DotIsHyphen && local.contains('.') {
            canonical_local = local.replace('.', "-").into();
        } else if !drop.is_empty() && local.contains(drop) {
            canonical_local = local.replace(drop, "").into();
        }
        domain = provider.canonical_domain.unwrap_or(domain);
    }
    if canonical_local.is_empty() {
        canonical_local = full_local.into();
    }
    quality.useless = reference::is_placeholder_address(local, domain);
    quality.role = reference::is_role_at(local, quality.free);
    (canonical_local, domain.into(), quality)
}

/// The local part before its `+tag`; whole where nothing would be left.
fn without_tag(local: &str) -> &str {
    match local.split_once('+') {
        Some((base, _)) if !base.is_empty() => base,
        _ => local,
    }
}

/// Undoes what programs and people do to addresses before they are split.
fn prepared(text: &str) -> Cow<'_, str> {
    let mut text = Cow::Borrowed(text);
    for (wrong, right) in
        [("%40", "@"), ("＠", "@"), ("(at)", "@"), ("[at]", "@"), ("@@", "@"), ("..", ".")]
    {
        while text.contains(wrong) {
            text = text.replace(wrong, right).into();
        }
    }
    let spaced_at = text.contains(" @") || text.contains("@ ");
    if spaced_at && text.matches('@').count() == 1 {
        text = text.replace(" @ ", "@").replace(" @", "@").replace("@ ", "@").into();
    }
    // `ann@example,com`: a comma typed for the dot before a short last label.
    if text.matches('@').count() == 1
        && !text.split('@').next_back().unwrap_or("").contains('.')
        && let Some((head, tail)) = text.rsplit_once(',')
        && (2..=4).contains(&tail.len())
        && tail.bytes().all(|b| b.is_ascii_alphabetic())
    {
        text = format!("{head}.{tail}").into();
    }
    text
}

/// The pieces of a text that hold an `@`, without what surrounds an address.
fn addresses(text: &str) -> impl Iterator<Item = &str> {
    text.split([' ', ';', ',', '/', '|', '<', '>', '(', ')', '[', ']', '"', '\u{3001}', '，', '；'])
        .map(|part| {
            let part = part.trim_matches(|c: char| {
                matches!(c, '\'' | '`' | '’' | '‘' | '“' | '”' | '.' | ':' | '*' | '!' | '?' | '\\')
            });
            let head = part.get(..7).unwrap_or("");
            if head.eq_ignore_ascii_case("mailto:") { &part[7..] } else { part }
        })
        .map(|part| part.split_once('?').map_or(part, |(address, _)| address))
        // `E-Mail:ann@example.com`
        .map(|part| part.rsplit_once(':').map_or(part, |(_, address)| address))
        .filter(|part| part.contains('@'))
}

fn unreadable(text: &str, label: Option<&Arc<str>>) -> Email {
    let quality = EmailQuality { useless: true, ..EmailQuality::default() };
    Email { address: lower(text), quality, label: label.cloned(), ..Email::default() }
}

/// Whether a value has the shape of one mail address. For guessing what a column holds.
pub fn looks_like_email(text: &str) -> bool {
    let text = text.trim();
    text.split_once('@').is_some_and(|(local, domain)| is_local(local) && is_domain(domain))
}
