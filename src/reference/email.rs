//! What is known of mail domains and local parts.

use std::borrow::Cow;
use std::sync::LazyLock;

use memchr::memmem::Finder;
use rustc_hash::{FxHashMap, FxHashSet};

use super::{names, placeholder, table};

/// Characters of a local part that a provider ignores.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Dots {
    /// Every character counts.
    Keep,
    /// Dots are ignored.
    Ignored,
    /// Dots, hyphens and underscores are ignored.
    PunctuationIgnored,
    /// A dot and a hyphen are the same.
    DotIsHyphen,
}

/// How a provider treats a part of the local part that the user may choose freely.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Subaddress {
    /// There is none: everything is the mailbox's name.
    None,
    /// `user+anything`.
    Plus,
    /// `user+anything`, and `anything@user.domain`.
    PlusAndSubdomain,
}

/// The rules of a mail provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Provider {
    /// Domains of one family belong to one firm; that alone does not make mailboxes equal.
    pub family: &'static str,
    /// Ignored characters.
    pub dots: Dots,
    /// Free part.
    pub subaddress: Subaddress,
    /// The domain under which the same local part is the same mailbox.
    pub canonical_domain: Option<&'static str>,
}

/// What a masking service's address identifies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Relay {
    /// The same person keeps it, at least at one shop; otherwise it is made per order or booking
    /// and says nothing at all.
    pub stable: bool,
    /// What follows a `+` is the order, not the buyer.
    pub strip_plus: bool,
    /// `alias@user.domain`: the subdomain is the person.
    pub subdomain_is_user: bool,
    /// Where only the local part counts, the domain to write instead of the site's own.
    pub canonical_domain: Option<&'static str>,
}

/// What a domain is, in as few bytes as thirteen thousand domains deserve.
#[derive(Clone, Copy, Default)]
struct Domain {
    free: bool,
    disposable: bool,
    /// Place in the list of providers, from 1; 0 for none.
    provider: u8,
}

struct Domains {
    by_name: FxHashMap<&'static str, Domain>,
    providers: Vec<Provider>,
}

impl Domains {
    fn provider(&self, domain: Domain) -> Option<Provider> {
        self.providers.get(usize::from(domain.provider).checked_sub(1)?).copied()
    }
}

struct RelayRule {
    relay: Relay,
    exact: bool,
}

struct Relays {
    by_domain: FxHashMap<&'static str, RelayRule>,
    /// `members.ebay.`: any site's top-level domain may follow.
    any_site: Vec<(Finder<'static>, Relay)>,
}

#[derive(Clone, Copy)]
struct RoleWord {
    /// A function for certain, not just a word that often stands before an `@`.
    function: bool,
    /// 5,000 or more people in the US are called so.
    personal: bool,
}

struct Placeholders {
    locals: FxHashSet<Cow<'static, str>>,
    /// Domains and top-level domains; `true` where a local part that looks like a person's is
    /// believed all the same.
    domains: FxHashMap<Cow<'static, str>, bool>,
    tlds: FxHashMap<Cow<'static, str>, bool>,
    /// Local part → domains.
    addresses: FxHashMap<String, Vec<String>>,
    typos: FxHashMap<&'static str, &'static str>,
}

static DOMAINS: LazyLock<Domains> = LazyLock::new(load_domains);
static RELAYS: LazyLock<Relays> = LazyLock::new(load_relays);
static ROLES: LazyLock<FxHashMap<Cow<'static, str>, RoleWord>> = LazyLock::new(load_roles);
static PLACEHOLDERS: LazyLock<Placeholders> = LazyLock::new(load_placeholders);

/// The rules of the provider of a lower-case domain, also of a subdomain at providers that give
/// each user one. O(1).
pub fn provider(domain: &str) -> Option<Provider> {
    if let Some(found) = DOMAINS.by_name.get(domain) {
        return DOMAINS.provider(*found);
    }
    let (_, parent) = domain.split_once('.')?;
    DOMAINS
        .provider(*DOMAINS.by_name.get(parent)?)
        .filter(|provider| provider.subaddress == Subaddress::PlusAndSubdomain)
}

/// Whether anyone can have a mailbox there, so that the domain says nothing of an employer.
pub fn is_free(domain: &str) -> bool {
    DOMAINS.by_name.get(domain).is_some_and(|found| found.free || found.provider > 0)
        || provider(domain).is_some()
}

/// Whether it is a throw-away provider (or a subdomain of one).
pub fn is_disposable(domain: &str) -> bool {
    if let Some(found) = DOMAINS.by_name.get(domain) {
        return found.disposable;
    }
    let mut rest = domain;
    while let Some((_, parent)) = rest.split_once('.') {
        if DOMAINS.by_name.get(parent).is_some_and(|found| found.disposable) {
            return true;
        }
        rest = parent;
    }
    false
}

/// What the masked addresses of a domain identify, if it is a masking service's.
pub fn relay(domain: &str) -> Option<Relay> {
    let relays = &*RELAYS;
    let mut rest = domain;
    loop {
        if let Some(rule) = relays.by_domain.get(rest)
            && (!rule.exact || rest.len() == domain.len())
        {
            return Some(rule.relay);
        }
        match rest.split_once('.') {
            Some((_, parent)) if parent.contains('.') => rest = parent,
            _ => break,
        }
    }
    // `members.ebay.` and then the top-level domain of any site, also below a host of its own.
    relays.any_site.iter().find_map(|(stem, relay)| {
        let at = stem.find(domain.as_bytes())?;
        let site = &domain[at + stem.needle().len()..];
        let whole_label = at == 0 || domain.as_bytes()[at - 1] == b'.';
        let is_site =
            site.split('.').count() <= 2 && site.split('.').all(|l| (2..=3).contains(&l.len()));
        (whole_label && is_site).then_some(*relay)
    })
}

/// Whether a local part names a function (`info`, `sales2`, `accounts-payable`), not a person.
/// Words that many people bear as a name (`paris`, `church`) are none without a second sign: see
/// [`is_role_at`].
pub fn is_role(local: &str) -> bool {
    role_word(local).is_some_and(|word| !word.personal)
}

/// Whether an address belongs to a function. The domain is the second sign for words that are also
/// personal names: at a company `sales@` is a function, at a free provider perhaps Mr Sales.
pub fn is_role_at(local: &str, domain_is_free: bool) -> bool {
    role_word(local).is_some_and(|word| match (word.personal, word.function) {
        (false, true) => true,
        (false, false) => !domain_is_free || !names::is_given(local),
        (true, function) => function && !domain_is_free,
    })
}

fn role_word(local: &str) -> Option<RoleWord> {
    if let Some(word) = ROLES.get(local) {
        return Some(*word);
    }
    let plain =
        local.trim_end_matches(|c: char| c.is_ascii_digit() || matches!(c, '.' | '-' | '_'));
    if plain.len() < local.len()
        && let Some(word) = ROLES.get(plain)
    {
        return Some(*word);
    }
    // `orders.uk`, `sales-emea`, `team_info`: a certain function beside something else, which must
    // not look like a person's name.
    let (first, rest) = plain.split_once(['.', '-', '_', '+'])?;
    let function = |token: &str| ROLES.get(token).filter(|word| word.function && !word.personal);
    if let Some(word) = function(first) {
        return Some(*word);
    }
    let last = rest.rsplit(['.', '-', '_', '+']).next().unwrap_or(rest);
    let word = function(last)?;
    (!first.is_empty() && !names::is_given(first) && !names::is_surname(first)).then_some(*word)
}

/// The domain that a frequent typing error probably means (`gmial.com` → `gmail.com`). Some left
/// sides exist: only for similarity, never to be replaced.
pub fn domain_typo(domain: &str) -> Option<&'static str> {
    PLACEHOLDERS.typos.get(domain).copied()
}

/// Whether an address (lower case, in two parts) was typed to fill a field, or cannot exist.
pub fn is_placeholder_address(local: &str, domain: &str) -> bool {
    let lists = &*PLACEHOLDERS;
    let tld = domain.rsplit('.').next().unwrap_or(domain);
    // Test data and demonstrations put real-looking people at `example.com` and `company.com`; how
    // often the file repeats an address says more than its domain.
    if let Some(unless_personal) = lists.domains.get(domain).or_else(|| lists.tlds.get(tld))
        && (!unless_personal
            || local.len() < 3
            || lists.locals.contains(local)
            || is_role(local)
            || domain.split('.').next() == Some(local))
    {
        return true;
    }
    // `mail@`, `me@`, `shop@` are real at a domain of one's own.
    if lists.locals.contains(local) && (!MAYBE_REAL.contains(&local) || is_free(domain)) {
        return true;
    }
    lists.addresses.get(local).is_some_and(|domains| domains.iter().any(|one| one == domain))
}

/// Placeholders as a local part that the owner of a domain may really use.
const MAYBE_REAL: &[&str] = &[
    "a", "aa", "abc", "mail", "email", "e-mail", "me", "name", "x", "xx", "xyz", "shop", "store",
    "pos", "cash", "customer", "user", "guest", "test", "demo", "temp", "tmp", "na", "bar", "foo",
    "invalid", "keine", "brak", "geen", "none", "123", "1234",
];

fn load_domains() -> Domains {
    let mut by_name: FxHashMap<&'static str, Domain> =
        FxHashMap::with_capacity_and_hasher(14_000, Default::default());
    for domain in include_str!("../../data/reference/disposable_domains.csv").lines().skip(1) {
        by_name.entry(domain).or_default().disposable = true;
    }
    for line in include_str!("../../data/reference/free_mail_domains.csv").lines().skip(1) {
        let mut cells = line.split(',');
        let (domain, tier) = (cells.next().unwrap_or(""), cells.next().unwrap_or(""));
        // The tiers `common` and `single` hold company and city domains.
        if tier == "major" || tier == "multi" {
            // The free list wins over the disposable one, which holds a few old providers.
            by_name.insert(domain, Domain { free: true, ..Domain::default() });
        }
    }
    let mut providers = Vec::new();
    for line in include_str!("../../data/reference/email_provider_rules.csv").lines().skip(1) {
        let mut cells = line.split(',');
        let mut next = || cells.next().unwrap_or("");
        let (domain, family, _case, dots, subaddress, canonical) =
            (next(), next(), next(), next(), next(), next());
        let provider = Provider {
            family,
            dots: match dots {
                "remove" => Dots::Ignored,
                "remove_._-_" => Dots::PunctuationIgnored,
                "dot=hyphen" => Dots::DotIsHyphen,
                _ => Dots::Keep,
            },
            subaddress: match subaddress {
                "+" => Subaddress::Plus,
                "+ and subdomain" => Subaddress::PlusAndSubdomain,
                // `-base`: the base is not the login, and a hyphen may belong to a name.
                _ => Subaddress::None,
            },
            canonical_domain: (!canonical.is_empty()).then_some(canonical),
        };
        let known = providers.iter().position(|other| *other == provider);
        let at = known.unwrap_or_else(|| {
            providers.push(provider);
            providers.len() - 1
        });
        // Far fewer different rules than 255.
        by_name.entry(domain).or_default().provider = u8::try_from(at + 1).unwrap_or(0);
    }
    Domains { by_name, providers }
}

fn load_relays() -> Relays {
    let mut relays = Relays { by_domain: FxHashMap::default(), any_site: Vec::new() };
    for line in include_str!("../../data/reference/relay_email_domains.csv").lines().skip(1) {
        let mut cells = line.split(',');
        let mut next = || cells.next().unwrap_or("");
        let (domain, matching, _service, _kind, _scope, stability, normalise) =
            (next(), next(), next(), next(), next(), next(), next());
        let relay = Relay {
            stable: normalise != "drop" && stability != "per_order",
            strip_plus: normalise == "strip_plus",
            subdomain_is_user: normalise == "subdomain",
            canonical_domain: (normalise == "local_part").then_some(domain),
        };
        if matching == "suffix_tld" {
            let stem = domain.strip_suffix("com").unwrap_or(domain);
            relays.any_site.push((Finder::new(stem), relay));
        } else {
            relays.by_domain.insert(domain, RelayRule { relay, exact: matching == "exact" });
        }
    }
    relays
}

fn load_roles() -> FxHashMap<Cow<'static, str>, RoleWord> {
    table::rows::<5>(include_str!("../../data/reference/role_localparts.csv"))
        .map(|[local, kind, _lang, source, personal]| {
            // The public list's `other` words are mixed; those that the own list repeats are sure.
            let function = kind != "other" || source.contains("own");
            (local, RoleWord { function, personal: personal == "1" })
        })
        .collect()
}

fn load_placeholders() -> Placeholders {
    let mut lists = Placeholders {
        locals: FxHashSet::default(),
        domains: FxHashMap::default(),
        tlds: FxHashMap::default(),
        addresses: FxHashMap::default(),
        typos: FxHashMap::default(),
    };
    for [field, matching, value, action] in table::rows::<4>(placeholder::TABLE) {
        if field != "email" {
            continue;
        }
        let personal = action == "placeholder_unless_personal";
        match (matching.as_ref(), value) {
            ("localpart", value) => drop(lists.locals.insert(value)),
            ("domain", value) => drop(lists.domains.insert(value, personal)),
            ("tld", value) => drop(lists.tlds.insert(value, personal)),
            ("equals", value) => {
                if let Some((local, domain)) = value.split_once('@') {
                    lists.addresses.entry(local.to_owned()).or_default().push(domain.to_owned());
                }
            }
            ("domain_typo", Cow::Borrowed(pair)) => {
                if let Some((wrong, right)) = pair.split_once('=') {
                    lists.typos.insert(wrong, right);
                }
            }
            _ => {}
        }
    }
    lists
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn providers_know_their_rules() {
        let gmail = provider("gmail.com").expect("listed");
        assert_eq!((gmail.dots, gmail.subaddress), (Dots::Ignored, Subaddress::Plus));
        assert_eq!(provider("googlemail.com").and_then(|p| p.canonical_domain), Some("gmail.com"));
        assert_eq!(provider("ann.fastmail.com").map(|p| p.family), Some("fastmail"));
        assert_eq!(provider("ann.gmail.com"), None);
        assert_eq!(provider("smith.name"), None);
    }

    #[test]
    fn domains_are_classified() {
        assert!(is_free("gmail.com") && is_free("web.de") && !is_free("siemens.com"));
        assert!(is_disposable("mailinator.com") && is_disposable("x.mailinator.com"));
        assert!(!is_disposable("21cn.com") && !is_disposable("gmail.com"));
        assert_eq!(domain_typo("gmial.com"), Some("gmail.com"));
        assert_eq!(domain_typo("gmail.com"), None);
    }

    #[test]
    fn relays_are_graded() {
        for (domain, stable) in [
            ("relay.walmart.com", Some(false)),
            ("marketplace.amazon.co.uk", Some(true)),
            ("m.marketplace.amazon.com", Some(true)),
            ("members.ebay.de", Some(true)),
            ("privaterelay.appleid.com", Some(true)),
            ("ann.anonaddy.com", Some(true)),
            ("us.notification.mirakl.net", Some(false)),
            ("guest.booking.com", Some(false)),
            ("booking.com", None),
            ("amazon.com", None),
            ("gmail.com", None),
            ("", None),
        ] {
            assert_eq!(relay(domain).map(|r| r.stable), stable, "{domain}");
        }
    }

    #[test]
    fn roles_need_a_second_sign_where_they_are_names() {
        for (local, free, want) in [
            ("info", true, true),
            ("sales2", false, true),
            ("sales", true, false),
            ("sales", false, true),
            ("paris", false, false),
            ("paris", true, false),
            ("orders.uk", false, true),
            ("accounts-payable", false, true),
            ("ventas01", false, true),
            ("john.smith", false, false),
            ("john.info", false, false),
            ("ann", true, false),
        ] {
            assert_eq!(is_role_at(local, free), want, "{local} {free}");
        }
    }
}
