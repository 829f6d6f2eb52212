//! Web pages: the registrable domain that a company is known by.

use crate::model::Website;

const SHARED_HOSTS: &str = include_str!("../../data/reference/shared_web_hosts.csv");

/// A page or domain as people write it (`https://www.acme.co.uk/shop`, `acme.co.uk`). `None` where it
/// has no host with a known suffix: placeholders, mail addresses, IP addresses. A page on a host that
/// everybody may have pages on keeps its display, but its domain is empty: it names nobody. O(length).
pub fn normalize_website(text: &str) -> Option<Website> {
    let display = text.trim_end().trim_start_matches(|c: char| c == '\'' || c.is_whitespace());
    let host = host(display)?;
    let mut domain = registrable_domain(host)?;
    if is_shared(&domain) {
        domain.clear();
    }
    Some(Website { display: display.to_owned(), domain })
}

/// Public suffix and the label before it, lower case, IDNA ASCII: `acme.co.uk` of
/// `shop.acme.co.uk`. Suffixes that companies rent out below their own domain count as suffixes.
/// `None` for a bare suffix, an unknown one, or what is no host name. O(length).
///
/// ```
/// use sameas::normalize::website::registrable_domain;
/// assert_eq!(registrable_domain("Shop.Acme.co.uk").as_deref(), Some("acme.co.uk"));
/// assert_eq!(registrable_domain("localhost"), None);
/// ```
pub fn registrable_domain(host: &str) -> Option<String> {
    let host = to_ascii(host.trim().trim_end_matches('.'))?;
    let domain = psl::domain(host.as_bytes())?;
    domain.suffix().is_known().then(|| String::from_utf8_lossy(domain.as_bytes()).into_owned())
}

/// Host part of an address, with or without scheme, user, port and path.
fn host(text: &str) -> Option<&str> {
    let rest = match text.find("://") {
        Some(at) => &text[at + 3..],
        None => text.trim_start_matches('/'),
    };
    let authority = rest.split(['/', '?', '#', '\\', ' ']).next()?;
    // Without a scheme `a@b.com` is a mail address.
    if authority.contains('@') && !text.contains("://") {
        return None;
    }
    let authority = authority.rsplit('@').next()?;
    let host = authority.split(':').next()?;
    host.contains('.').then_some(host)
}

fn is_shared(domain: &str) -> bool {
    SHARED_HOSTS.lines().skip(1).any(|line| line.split(',').next() == Some(domain))
}

/// Host name in lower-case ASCII: labels in other letters as punycode (RFC 3492). `None` if it holds
/// what no host name can, is longer than 253 characters or has a label longer than 63.
pub(crate) fn to_ascii(host: &str) -> Option<String> {
    let mut out = String::with_capacity(host.len());
    for label in host.split(['.', '。', '．']) {
        if !out.is_empty() {
            out.push('.');
        }
        let start = out.len();
        if label.is_ascii() {
            out.extend(label.chars().map(|c| c.to_ascii_lowercase()));
        } else {
            use unicode_normalization::UnicodeNormalization;
            let label: String = label.nfkc().flat_map(char::to_lowercase).nfc().collect();
            if label.is_ascii() {
                out.push_str(&label);
            } else {
                if label.chars().any(|c| !c.is_alphanumeric() && c != '-' && !is_mark(c)) {
                    return None;
                }
                out.push_str("xn--");
                out.push_str(&super::punycode::encode(&label)?);
            }
        }
        let label = &out[start..];
        let letters = label.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
        if label.is_empty() || label.len() > 63 || !letters {
            return None;
        }
    }
    (out.len() <= 253).then_some(out)
}

fn is_mark(c: char) -> bool {
    unicode_normalization::char::is_combining_mark(c)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn pages_to_domains() {
        for (raw, want) in [
            ("acme.com", "acme.com"),
            ("www.acme.com", "acme.com"),
            ("WWW.ACME.COM", "acme.com"),
            ("http://acme.com", "acme.com"),
            ("https://www.acme.com/", "acme.com"),
            ("https://www.acme.com/shop?x=1#y", "acme.com"),
            ("https://shop.acme.co.uk:8443/a", "acme.co.uk"),
            ("//acme.de", "acme.de"),
            ("acme.com/about", "acme.com"),
            ("acme.com.", "acme.com"),
            ("'www.acme.com", "acme.com"),
            ("http://user:pw@acme.com/", "acme.com"),
            ("dunnlord.co.uk", "dunnlord.co.uk"),
            ("müller.de", "xn--mller-kva.de"),
            ("www.xn--mller-kva.de", "xn--mller-kva.de"),
            ("bücher.example.com", "example.com"),
            ("acme.com.au", "acme.com.au"),
            ("facebook.com/acme", ""),
            ("https://www.instagram.com/acme", ""),
        ] {
            assert_eq!(normalize_website(raw).map(|w| w.domain).as_deref(), Some(want), "{raw}");
        }
        for raw in [
            "",
            "-",
            "n/a",
            "none",
            "info@acme.com",
            "localhost",
            "co.uk",
            "12.5",
            "http://",
            "a..com",
        ] {
            assert!(normalize_website(raw).is_none(), "{raw}");
        }
    }

    #[test]
    fn punycode_of_the_rfc() {
        for (raw, want) in [
            ("bücher", "xn--bcher-kva"),
            ("MÜNCHEN", "xn--mnchen-3ya"),
            ("日本語", "xn--wgv71a119e"),
            ("пример", "xn--e1afmkfd"),
            ("plain", "plain"),
        ] {
            assert_eq!(to_ascii(raw).as_deref(), Some(want), "{raw}");
        }
    }

    proptest! {
        #[test]
        fn total_and_idempotent(text in "\\PC*") {
            if let Some(once) = normalize_website(&text) {
                prop_assert!(normalize_website(&once.display) == Some(once));
            }
            if let Some(domain) = registrable_domain(&text) {
                prop_assert_eq!(registrable_domain(&domain), Some(domain.clone()));
            }
        }
    }
}
