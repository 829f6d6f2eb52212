//! Tax numbers and other identifiers as exports hold them.

use proptest::prelude::*;
use sameas::model::IdentifierKind::{self, Loyalty, Tax, Token};
use sameas::normalize::identifier::{check_digit, normalize_identifier};

fn read(kind: IdentifierKind, raw: &str) -> Option<String> {
    normalize_identifier(kind, raw).map(|identifier| identifier.value)
}

const TAX: &[(&str, Option<&str>)] = &[
    // With and without prefix, spaces, punctuation.
    ("DE129273398", Some("129273398")),
    ("DE 129 273 398", Some("129273398")),
    ("de129273398", Some("129273398")),
    ("129273398", Some("129273398")),
    ("129/273/398", Some("129273398")),
    ("DE129273398 USt-IdNr.", Some("129273398")),
    ("USt-IdNr. DE129273398", Some("129273398")),
    ("VAT: DE129273398", Some("129273398")),
    ("ATU13585627", Some("U13585627")),
    ("U13585627", Some("U13585627")),
    ("AT U 135 856 27", Some("U13585627")),
    ("BE0428759497", Some("0428759497")),
    ("BE 0428.759.497", Some("0428759497")),
    ("BE428759497", Some("0428759497")),
    ("0428.759.497", Some("0428759497")),
    ("BG175074752", Some("175074752")),
    ("CHE-100.155.212", Some("100155212")),
    ("CHE-100.155.212 MWST", Some("100155212")),
    ("CHE100155212TVA", Some("100155212")),
    ("CHE 100 155 212 IVA", Some("100155212")),
    ("CY10259033P", Some("10259033P")),
    ("CZ25123891", Some("25123891")),
    ("CZ 7103192745", Some("7103192745")),
    ("DK13585628", Some("13585628")),
    ("DK 13 58 56 28", Some("13585628")),
    ("EE100931558", Some("100931558")),
    ("ES B58378431", Some("B58378431")),
    ("B-58378431", Some("B58378431")),
    ("ESX2482300W", Some("X2482300W")),
    ("54362315-K", Some("54362315K")),
    ("FI20774740", Some("20774740")),
    ("2077474-0", Some("20774740")),
    ("FR40303265045", Some("303265045")),
    ("303 265 045", Some("303265045")),
    ("FR 23 334 175 221", Some("334175221")),
    ("73282932000074", Some("73282932000074")),
    ("732 829 320 00074", Some("73282932000074")),
    ("GB980780684", Some("980780684")),
    ("GB 980 7806 84", Some("980780684")),
    ("GB 980 780 684 001", Some("980780684001")),
    ("GBGD001", Some("GD001")),
    ("XI110305878", Some("110305878")),
    ("EL094259216", Some("094259216")),
    ("GR094259216", Some("094259216")),
    ("HR33392005961", Some("33392005961")),
    ("HU12892312", Some("12892312")),
    ("12892312-2-42", Some("12892312")),
    ("IE6433435F", Some("6433435F")),
    ("IE6433435OA", Some("6433435OA")),
    ("IT00743110157", Some("00743110157")),
    ("00743110157", Some("00743110157")),
    ("RSSMRA85T10A562S", Some("RSSMRA85T10A562S")),
    ("LT119511515", Some("119511515")),
    ("LU15027442", Some("15027442")),
    ("LV40003521600", Some("40003521600")),
    ("MT11679112", Some("11679112")),
    ("NL004495445B01", Some("004495445B01")),
    ("NL 0044.95.445.B.01", Some("004495445B01")),
    ("NO 923609016 MVA", Some("923609016")),
    ("923 609 016", Some("923609016")),
    ("NO923609016", Some("923609016")),
    ("PL 856-734-62-15", Some("8567346215")),
    ("8567346215", Some("8567346215")),
    ("NIP 856-734-62-15", Some("8567346215")),
    ("PT501964843", Some("501964843")),
    ("RO18547290", Some("18547290")),
    ("18547290", Some("18547290")),
    ("SE123456789701", None),
    ("123456-7897", None),
    ("SE556188840401", Some("5561888404")),
    ("556188-8404", Some("5561888404")),
    ("SI50223054", Some("50223054")),
    ("SK2022749619", Some("2022749619")),
    ("T7000012050002", Some("7000012050002")),
    ("7000012050002", Some("7000012050002")),
    ("12-3456788", Some("123456788")),
    ("264-10-7639", Some("264107639")),
    ("264107639", Some("264107639")),
    ("264107639.0", Some("264107639")),
    ("'264107639", Some("264107639")),
    ("123 456 782 RC0001", Some("123456782")),
    ("100000009RC0001", Some("100000009")),
    ("VECJ880326XXX", Some("VECJ880326XXX")),
    ("VECJ-880326-XXX", Some("VECJ880326XXX")),
    ("16.727.230/0001-97", Some("16727230000197")),
    ("390.533.447-05", Some("39053344705")),
    ("20-26756539-3", Some("20267565393")),
    ("12.531.909-2", Some("125319092")),
    ("83 914 571 673", Some("83914571673")),
    ("ABN 83 914 571 673", Some("83914571673")),
    ("27AAPFU0939F1ZV", Some("27AAPFU0939F1ZV")),
    ("91110000600037341L", Some("91110000600037341L")),
    ("１２９２７３３９８", Some("129273398")),
    // Placeholders.
    ("XAXX010101000", None),
    ("XEXX010101000", None),
    ("xaxx-010101-000", None),
    ("222222222222", None),
    ("9999999999999", None),
    ("999999990", None),
    ("PT999999990", None),
    ("11111111111", None),
    ("00000000000", None),
    ("00000", None),
    ("0", None),
    ("123456789", None),
    ("DE123456789", None),
    ("DE 999999999", None),
    ("987654321", None),
    ("A00000000", None),
    ("66666666-6", None),
    ("C/F", None),
    ("CONSUMIDOR FINAL", None),
    ("n/a", None),
    ("none", None),
    ("-", None),
    ("", None),
    // Too short to mean anything.
    ("1234", None),
    ("12-3", None),
    ("AB12", None),
    ("ABCDEF", None),
];

#[test]
fn tax_numbers_read_as_what_their_forms_share() {
    let wrong: Vec<String> = TAX
        .iter()
        .filter(|(raw, want)| read(Tax, raw).as_deref() != *want)
        .map(|(raw, want)| format!("{raw:?}: {:?} instead of {want:?}", read(Tax, raw)))
        .collect();
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
    assert!(TAX.len() >= 100, "{}", TAX.len());
}

#[test]
fn other_identifiers() {
    for (kind, raw, want) in [
        (Loyalty, " gold-000 417 ", Some("GOLD000417")),
        (Loyalty, "6035 1234 5678", Some("603512345678")),
        (Loyalty, "DE129273398", Some("DE129273398")),
        (Loyalty, "0000000", None),
        (Loyalty, "12", None),
        (Token, "Xt5EWLLDS7FJjR1c", Some("XT5EWLLDS7FJJR1C")),
        (Token, "abcdefgh", Some("ABCDEFGH")),
        (Token, "null", None),
    ] {
        assert_eq!(read(kind, raw).as_deref(), want, "{raw}");
    }
}

#[test]
fn check_digits() {
    for (country, value, want) in [
        (b"DE", "129273398", Some(true)),
        (b"DE", "129273399", Some(false)),
        (b"AT", "U13585627", Some(true)),
        (b"AT", "U13585626", Some(false)),
        (b"BE", "0428759497", Some(true)),
        (b"CH", "100155212", Some(true)),
        (b"DK", "13585628", Some(true)),
        (b"EE", "100931558", Some(true)),
        (b"ES", "B58378431", Some(true)),
        (b"ES", "X2482300W", Some(true)),
        (b"ES", "54362315K", Some(true)),
        (b"ES", "54362315Z", Some(false)),
        (b"FI", "20774740", Some(true)),
        (b"FR", "303265045", Some(true)),
        (b"FR", "73282932000074", Some(true)),
        (b"GB", "980780684", Some(true)),
        (b"GR", "094259216", Some(true)),
        (b"HR", "33392005961", Some(true)),
        (b"HU", "12892312", Some(true)),
        (b"IT", "00743110157", Some(true)),
        (b"LU", "15027442", Some(true)),
        (b"MT", "11679112", Some(true)),
        (b"NL", "004495445B01", Some(true)),
        (b"NO", "923609016", Some(true)),
        (b"PL", "8567346215", Some(true)),
        (b"PT", "501964843", Some(true)),
        (b"SE", "5561888404", Some(true)),
        (b"SI", "50223054", Some(true)),
        (b"SK", "2022749619", Some(true)),
        (b"AU", "83914571673", Some(true)),
        (b"BR", "39053344705", Some(true)),
        (b"BR", "16727230000197", Some(true)),
        (b"BR", "16727230000198", Some(false)),
        (b"AR", "20267565393", Some(true)),
        (b"CL", "125319092", Some(true)),
        (b"US", "264107639", None),
        (b"DE", "12927", None),
    ] {
        assert_eq!(check_digit(*country, value), want, "{value}");
    }
}

proptest! {
    #[test]
    fn total_and_idempotent_on_the_display(text in "\\PC*") {
        for kind in [Tax, Loyalty, Token] {
            if let Some(found) = normalize_identifier(kind, &text) {
                prop_assert_eq!(normalize_identifier(kind, &found.display), Some(found));
            }
        }
    }

    #[test]
    fn numbers_never_panic(text in "[A-Z]{0,3}[0-9]{0,15}[A-Z]{0,3}") {
        let value = read(Tax, &text);
        for country in [b"AT", b"BE", b"NL", b"ES", b"BR", b"CL", b"LU", b"CH", b"AU", b"SK"] {
            let value = value.as_deref().unwrap_or(&text);
            let _ = check_digit(*country, value);
        }
    }
}
