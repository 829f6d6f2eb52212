//! Which encoding from before Unicode a file is in, guessed from all of its texts that are not
//! plain ASCII.

use std::collections::BTreeSet;
use std::io::{self, Read};

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Encoding, WINDOWS_1252};
use xxhash_rust::xxh3::xxh3_64;

use super::bytes::Bytes;

/// Longest text looked at: longer ones cannot be cut without knowing where a character ends.
const TEXT_BYTES: usize = 512;

/// Most texts looked at: those of the smallest hashes, whatever their order in the file.
const TEXTS_MAX: usize = 20_000;

/// Texts that must read otherwise than in Windows-1252 before another encoding is believed: more
/// where both hold Latin letters, because a few words of French also make sense in Polish letters.
const ENOUGH: usize = 2;
const ENOUGH_LATIN: usize = 4;

/// Encodings of Latin letters, which share most of them with Windows-1252.
const LATIN: &[&str] = &[
    "windows-1250",
    "windows-1254",
    "windows-1257",
    "windows-1258",
    "ISO-8859-2",
    "ISO-8859-3",
    "ISO-8859-4",
    "ISO-8859-10",
    "ISO-8859-13",
    "ISO-8859-14",
    "ISO-8859-15",
    "ISO-8859-16",
    "macintosh",
];

/// The encoding of a file that is no Unicode; Windows-1252 where the guess is not clear.
///
/// Each different text counts once, in an order of its own, so that neither the order of rows nor
/// a value that many of them share matters.
pub(super) fn guess(stream: Bytes) -> io::Result<&'static Encoding> {
    let texts = texts(stream)?;
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
    for (_, text) in &texts {
        detector.feed(text, false);
        detector.feed(b"\n", false);
    }
    detector.feed(b"", true);
    let guess = detector.guess(None, Utf8Detection::Deny);
    let read = |encoding: &'static Encoding, text| encoding.decode_without_bom_handling(text).0;
    let other = texts.iter().filter(|(_, text)| read(guess, text) != read(WINDOWS_1252, text));
    let enough = if LATIN.contains(&guess.name()) { ENOUGH_LATIN } else { ENOUGH };
    Ok(if other.take(enough).count() == enough { guess } else { WINDOWS_1252 })
}

/// The different texts between the bytes that end a cell, by hash.
fn texts(mut stream: Bytes) -> io::Result<BTreeSet<(u64, Vec<u8>)>> {
    let mut found = BTreeSet::new();
    let mut text = Vec::with_capacity(TEXT_BYTES + 1);
    let mut buffer = vec![0; 256 << 10];
    loop {
        let n = match stream.read(&mut buffer) {
            Ok(n) => n,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => continue,
            Err(e) => return Err(e),
        };
        for &byte in &buffer[..n] {
            // None of these is ever the second byte of a character.
            if byte < b' ' || matches!(byte, b',' | b';' | b'"') {
                keep(&mut found, &mut text);
            } else if text.len() <= TEXT_BYTES {
                text.push(byte);
            }
        }
        if n == 0 {
            keep(&mut found, &mut text);
            return Ok(found);
        }
    }
}

fn keep(found: &mut BTreeSet<(u64, Vec<u8>)>, text: &mut Vec<u8>) {
    if text.len() <= TEXT_BYTES && !text.is_ascii() {
        let hash = xxh3_64(text);
        let full = found.len() == TEXTS_MAX;
        if !full || found.last().is_some_and(|(largest, _)| hash < *largest) {
            found.insert((hash, text.clone()));
            if found.len() > TEXTS_MAX {
                found.pop_last();
            }
        }
    }
    text.clear();
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guessed(label: &str, text: &str) -> &'static str {
        let (bytes, _, lost) = Encoding::for_label(label.as_bytes()).unwrap().encode(text);
        assert!(!lost, "{label}");
        guess(Box::new(io::Cursor::new(bytes.into_owned()))).unwrap().name()
    }

    #[test]
    fn old_encodings_are_told_apart() {
        let cases = [
            ("windows-1250", "Łukasz;Wiśniewski\nMałgorzata;Gąsior\nŻółtowski;Gdańsk\n"),
            ("windows-1251", "Фамилия;Имя;Город\nИванов;Сергей;Москва\n"),
            ("windows-1253", "Επώνυμο;Όνομα\nΠαπαδόπουλος;Γιώργος\n"),
            ("windows-1254", "Müşteri No;İl;İlçe;Doğum\n1;Işıl;Yıldız;İstanbul;Kadıköy\n"),
            ("windows-1257", "Kęstutis;Šarūnas;Žemaitė\nJānis;Bērziņš;Rīga\n"),
            ("iso-8859-2", "Dvořák;Šimek\nKučera;Žižka\nPlzeň;Děčín\n"),
            ("koi8-r", "Фамилия;Имя;Город\nИванов;Сергей;Москва\n"),
            ("shift_jis", "顧客番号,氏名,フリガナ\n1,山田 太郎,ヤマダ\n"),
            ("euc-jp", "顧客番号,氏名,フリガナ\n1,山田 太郎,ヤマダ\n"),
            ("gbk", "客户编号,姓名,电话\n1,张伟,北京市\n"),
            ("big5", "客戶編號,姓名,電話\n1,陳志明,台北市\n"),
            ("euc-kr", "고객번호,이름,전화번호\n1,김민수,서울특별시\n"),
        ];
        for (label, text) in cases {
            let named = guessed(label, text).to_ascii_lowercase();
            // The Ukrainian one is the Russian one with four more letters.
            assert_eq!(named.replace("koi8-u", "koi8-r"), label);
            let lines: Vec<&str> = text.lines().rev().collect();
            assert_eq!(guessed(label, &lines.join("\n")).to_ascii_lowercase(), named);
        }
    }

    #[test]
    fn western_files_stay_western() {
        for text in [
            "José\n",
            "Müller;Straße\nGroß;Köln\n",
            "Coût;Forêt;Île\n",
            "N° client;Prénom\nHélène;François\nBenoît;Nîmes\n",
            "Nº Cliente;3ª planta\nÑuñez;María\n",
            "João;Conceição\nMagalhães;São Paulo\n",
            "Åse;Sørensen\nÆrø;Århus\n",
            "Mäkinen;Jyväskylä\nHämäläinen;Öst\n",
            "“x”;it’s;€ 5;–\n",
        ] {
            assert_eq!(guessed("windows-1252", text), "windows-1252", "{text}");
        }
    }
}
