//! Mail addresses as exports hold them.

use proptest::prelude::*;
use sameas::normalize::email::{looks_like_email, normalize_email, normalize_emails};

/// What an address reads as: canonical address and its marks (`r`ole, rela`y`, `u`seless,
/// `d`isposable, `f`ree).
fn read(raw: &str) -> String {
    let show = |email: &sameas::model::Email| {
        let q = email.quality;
        let marks: String =
            [(q.role, 'r'), (q.relay, 'y'), (q.useless, 'u'), (q.disposable, 'd'), (q.free, 'f')]
                .into_iter()
                .filter_map(|(set, mark)| set.then_some(mark))
                .collect();
        let marks = if marks.is_empty() { marks } else { format!(" {marks}") };
        format!("{}@{}{marks}", email.local, email.domain)
    };
    normalize_email(raw, None).iter().map(show).collect::<Vec<_>>().join(" | ")
}

const CASES: &[(&str, &str)] = &[
    // Form.
    ("ann@smith.name", "ann@smith.name"),
    ("Ann.Lee@Smith.Name", "ann.lee@smith.name"),
    ("  ann@smith.name \t", "ann@smith.name"),
    ("mailto:ann@smith.name", "ann@smith.name"),
    ("MAILTO:ann@smith.name?subject=Hi", "ann@smith.name"),
    ("<ann@smith.name>", "ann@smith.name"),
    ("Ann Lee <ann@smith.name>", "ann@smith.name"),
    ("\"Lee, Ann\" <ann@smith.name>", "ann@smith.name"),
    ("ann@smith.name (work)", "ann@smith.name"),
    ("'ann@smith.name", "ann@smith.name"),
    ("'ann@smith.name'", "ann@smith.name"),
    ("\"ann@smith.name\"", "ann@smith.name"),
    ("ann@smith.name.", "ann@smith.name"),
    ("ann@smith.name..", "ann@smith.name"),
    ("ann..lee@smith.name", "ann.lee@smith.name"),
    ("ann%40smith.name", "ann@smith.name"),
    ("ann@@smith.name", "ann@smith.name"),
    ("ann (at) smith.name", "ann@smith.name"),
    ("ann[at]smith.name", "ann@smith.name"),
    ("ann @ smith.name", "ann@smith.name"),
    ("ann@ smith.name", "ann@smith.name"),
    ("ann＠smith.name", "ann@smith.name"),
    ("\u{feff}ann@smith.name", "ann@smith.name"),
    ("ann\u{200b}@smith.name", "ann@smith.name"),
    ("E-Mail: ann@smith.name", "ann@smith.name"),
    ("email:ann@smith.name", "ann@smith.name"),
    ("ann@gmail,com", "ann@gmail.com f"),
    ("o'brien@smith.name", "o'brien@smith.name"),
    ("ann_lee-x@smith.name", "ann_lee-x@smith.name"),
    ("ann@mail.smith.co.uk", "ann@mail.smith.co.uk"),
    ("jürgen@müller.de", "jürgen@xn--mller-kva.de"),
    ("иван@почта.рф", "иван@xn--80a1acny.xn--p1ai"),
    // Several in one value.
    ("ann@smith.name;bob@smith.name", "ann@smith.name | bob@smith.name"),
    ("ann@smith.name, bob@smith.name", "ann@smith.name | bob@smith.name"),
    ("ann@smith.name / bob@smith.name", "ann@smith.name | bob@smith.name"),
    ("ann@smith.name bob@smith.name", "ann@smith.name | bob@smith.name"),
    ("ann@smith.name\nbob@smith.name", "ann@smith.name | bob@smith.name"),
    ("ann@smith.name | bob@smith.name", "ann@smith.name | bob@smith.name"),
    ("ann@smith.name; ann@smith.name", "ann@smith.name"),
    ("Ann <ann@smith.name>, Bob <bob@smith.name>", "ann@smith.name | bob@smith.name"),
    ("ann@smith.name or none", "ann@smith.name"),
    // No address.
    ("", ""),
    ("   ", ""),
    ("n/a", ""),
    ("-", ""),
    ("unknown", ""),
    ("keine Angabe", ""),
    ("NULL", ""),
    ("ann", "@ u"),
    ("ann.smith.name", "@ u"),
    ("ann@", "@ u"),
    ("@smith.name", "@ u"),
    ("ann@localhost", "@ u"),
    ("ann@smith", "@ u"),
    ("ann@192.168.0.1", "@ u"),
    ("ann@-smith.name", "@ u"),
    // Providers' rules.
    ("ann.lee@gmail.com", "annlee@gmail.com f"),
    ("Ann.L.ee+shop@gmail.com", "annlee@gmail.com f"),
    ("ann.lee@googlemail.com", "annlee@gmail.com f"),
    ("ann.lee@smith-family.com", "ann.lee@smith-family.com"),
    ("ann.lee+shop@smith-family.com", "ann.lee@smith-family.com"),
    ("+shop@gmail.com", "+shop@gmail.com f"),
    ("ann.lee+x@outlook.com", "ann.lee@outlook.com f"),
    ("ann.lee@hotmail.com", "ann.lee@hotmail.com f"),
    ("ann.lee@live.com", "ann.lee@live.com f"),
    ("ann-shop@yahoo.com", "ann-shop@yahoo.com f"),
    ("ann+shop@yahoo.com", "ann+shop@yahoo.com f"),
    ("ann@me.com", "ann@icloud.com f"),
    ("ann+x@mac.com", "ann@icloud.com f"),
    ("ann.lee@icloud.com", "ann.lee@icloud.com f"),
    ("ann.lee@proton.me", "annlee@proton.me f"),
    ("ann_lee+x@protonmail.com", "annlee@proton.me f"),
    ("ann-lee@pm.me", "annlee@proton.me f"),
    ("ann.lee@ya.ru", "ann-lee@yandex.ru f"),
    ("ann-lee@yandex.com", "ann-lee@yandex.ru f"),
    ("ann@mail.ru", "ann@mail.ru f"),
    ("ann@bk.ru", "ann@bk.ru f"),
    ("ann+x@mail.ru", "ann+x@mail.ru f"),
    ("ann+x@gmx.de", "ann+x@gmx.de f"),
    ("ann+x@web.de", "ann+x@web.de f"),
    ("ann+x@fastmail.com", "ann@fastmail.com f"),
    ("shop@ann.fastmail.com", "ann@fastmail.com f"),
    ("ann+x@zoho.com", "ann@zoho.com f"),
    ("ann@wanadoo.fr", "ann@wanadoo.fr f"),
    ("12345678@qq.com", "12345678@qq.com f"),
    // Typing errors stay what they are.
    ("ann@gmial.com", "ann@gmial.com"),
    ("ann@gmail.co", "ann@gmail.co"),
    ("ann@hotmail.co", "ann@hotmail.co f"),
    // Roles.
    ("info@smith-gmbh.de", "info@smith-gmbh.de r"),
    ("sales2@smith-gmbh.de", "sales2@smith-gmbh.de r"),
    ("accounts-payable@smith-gmbh.de", "accounts-payable@smith-gmbh.de r"),
    ("buchhaltung@smith-gmbh.de", "buchhaltung@smith-gmbh.de r"),
    ("orders.uk@smith-gmbh.de", "orders.uk@smith-gmbh.de r"),
    ("ventas01@smith.es", "ventas01@smith.es r"),
    ("info.bakery@gmail.com", "infobakery@gmail.com rf"),
    ("sales@smith-gmbh.de", "sales@smith-gmbh.de r"),
    ("sales@gmail.com", "sales@gmail.com f"),
    ("paris@gmail.com", "paris@gmail.com f"),
    ("sydney@smith-gmbh.de", "sydney@smith-gmbh.de"),
    ("ann.sales@smith-gmbh.de", "ann.sales@smith-gmbh.de"),
    // Relays.
    ("x1y2z3@marketplace.amazon.com", "x1y2z3@marketplace.amazon.com y"),
    ("x1y2z3+76c079d3-0000@marketplace.amazon.co.jp", "x1y2z3@marketplace.amazon.co.jp y"),
    ("x1y2z3@m.marketplace.amazon.de", "x1y2z3@m.marketplace.amazon.de y"),
    (
        "0123456789abcdef0123456789abcdef@relay.walmart.com",
        "0123456789abcdef0123456789abcdef@relay.walmart.com u",
    ),
    ("ab12cd@members.ebay.de", "ab12cd@members.ebay.com y"),
    ("ab12cd@members.ebay.co.uk", "ab12cd@members.ebay.com y"),
    ("ann+12345@allegromail.pl", "ann@allegromail.pl y"),
    ("q1w2e3@privaterelay.appleid.com", "q1w2e3@privaterelay.appleid.com y"),
    ("smith.123456@guest.booking.com", "smith.123456@guest.booking.com u"),
    ("shop@ann.anonaddy.com", "ann@anonaddy.com y"),
    ("mask@mozmail.com", "mask@mozmail.com y"),
    ("ann@duck.com", "ann@duck.com y"),
    ("a1b2c3@verkopen.bol.com", "a1b2c3@verkopen.bol.com u"),
    ("v4babc@scs.tiktokw.us", "v4babc@scs.tiktokw.us y"),
    // Placeholders and throw-away providers.
    ("test@test.com", "test@test.com ru"),
    ("ann@example.com", "ann@example.com u"),
    ("ann@shop.test", "ann@shop.test u"),
    ("noemail@smith-gmbh.de", "noemail@smith-gmbh.de ru"),
    ("nao@tem.com", "nao@tem.com u"),
    ("keine@email.de", "keine@email.de u"),
    ("no-reply@smith-gmbh.de", "no-reply@smith-gmbh.de ru"),
    ("me@gmail.com", "me@gmail.com uf"),
    ("me@smith.name", "me@smith.name"),
    ("ann@mailinator.com", "ann@mailinator.com d"),
    ("ann@sify.com", "ann@sify.com f"),
];

#[test]
fn addresses_read_as_their_mailbox() {
    let wrong: Vec<String> = CASES
        .iter()
        .filter(|(raw, want)| read(raw) != *want)
        .map(|(raw, want)| format!("{raw:?}: {} instead of {want}", read(raw)))
        .collect();
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
    assert!(CASES.len() >= 100, "{}", CASES.len());
}

#[test]
fn a_mailbox_stands_once() {
    let labelled =
        |value: &str| sameas::model::Labelled { value: value.into(), label: Some("work".into()) };
    let emails =
        normalize_emails(&[labelled("Ann.Lee@gmail.com"), labelled("annlee+x@googlemail.com")]);
    assert_eq!(emails.len(), 1);
    assert_eq!(emails[0].address, "ann.lee@gmail.com");
    assert_eq!(emails[0].label.as_deref(), Some("work"));
}

#[test]
fn shapes() {
    for (text, want) in [
        ("ann@smith.name", true),
        (" ann@smith.name ", true),
        ("ann", false),
        ("ann@smith", false),
        ("Ann <ann@smith.name>", false),
        ("@smith.name", false),
        ("", false),
    ] {
        assert_eq!(looks_like_email(text), want, "{text}");
    }
}

proptest! {
    #[test]
    fn total_and_idempotent_on_the_address(text in "\\PC*") {
        for email in normalize_email(&text, None) {
            let again = normalize_email(&email.address, None);
            if !email.local.is_empty() {
                prop_assert_eq!(again, vec![email]);
            }
        }
    }

    #[test]
    fn addresses_are_idempotent(local in "[A-Za-z0-9.+_-]{1,12}", domain in "(gmail\\.com|Yandex\\.com|pm\\.me|a\\.fastmail\\.com|x-y\\.co\\.uk)") {
        for email in normalize_email(&format!("{local}@{domain}"), None) {
            let again = normalize_email(&email.address, None);
            prop_assert_eq!(again, vec![email]);
        }
    }
}
