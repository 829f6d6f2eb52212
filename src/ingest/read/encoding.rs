//! Which encoding a file is in, decided from all of it, and its text as UTF-8.

use std::io::{self, Read};

use encoding_rs::{Decoder, DecoderResult, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};

use super::bytes::Bytes;
use super::legacy;

/// Encodings read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Encoding {
    Utf8,
    Utf16Le,
    Utf16Be,
    /// One from before Unicode: `windows-1252`, `shift_jis` …
    Legacy(&'static encoding_rs::Encoding),
}

impl Encoding {
    /// Its name in the WHATWG's list, in lower case.
    pub(super) fn name(self) -> String {
        let encoding = match self {
            Self::Utf8 => UTF_8,
            Self::Utf16Le => UTF_16LE,
            Self::Utf16Be => UTF_16BE,
            Self::Legacy(encoding) => encoding,
        };
        encoding.name().to_ascii_lowercase()
    }

    pub(super) fn named(name: &str) -> Option<Self> {
        let encoding = encoding_rs::Encoding::for_label_no_replacement(name.as_bytes())?;
        Some(match encoding.name() {
            "UTF-8" => Self::Utf8,
            "UTF-16LE" => Self::Utf16Le,
            "UTF-16BE" => Self::Utf16Be,
            _ => Self::Legacy(encoding),
        })
    }

    /// What the bytes of a row are not, for its reason.
    pub(super) fn label(self) -> &'static str {
        match self {
            Self::Utf8 => "UTF-8",
            Self::Utf16Le | Self::Utf16Be => "UTF-16",
            Self::Legacy(encoding) if encoding == WINDOWS_1252 => "Windows-1252",
            Self::Legacy(encoding) => encoding.name(),
        }
    }
}

/// The encoding that the first bytes give away: by a byte-order mark, or by the zero bytes that
/// UTF-16 has beside letters of European languages.
pub(super) fn from_head(head: &[u8]) -> Option<Encoding> {
    match head {
        [0xef, 0xbb, 0xbf, ..] => return Some(Encoding::Utf8),
        [0xff, 0xfe, ..] => return Some(Encoding::Utf16Le),
        [0xfe, 0xff, ..] => return Some(Encoding::Utf16Be),
        _ => {}
    }
    let pairs = head.len().min(4096) / 2;
    let zeros = |offset: usize| (0..pairs).filter(|&i| head[2 * i + offset] == 0).count();
    let (even, odd) = (zeros(0), zeros(1));
    let many = |n: usize| pairs > 0 && n * 10 > pairs * 4;
    match (many(even), many(odd)) {
        (false, true) if even * 20 < pairs => Some(Encoding::Utf16Le),
        (true, false) if odd * 20 < pairs => Some(Encoding::Utf16Be),
        _ => None,
    }
}

/// UTF-8 or an encoding from before Unicode, from every byte of the file; `open` starts it anew.
///
/// A file with invalid bytes is still UTF-8 when lines with sound multi-byte text are at least a
/// quarter as many as lines with invalid bytes: text in Windows-1252 hardly ever forms such a line
/// by chance (a capital letter with accent would have to be followed by a symbol), whereas damage
/// to a UTF-8 file strikes some lines only. Lines are counted, so their order does not matter.
pub(super) fn survey<E>(
    mut open: impl FnMut() -> Result<Bytes, E>,
    fail: impl Fn(io::Error) -> E,
) -> Result<Encoding, E> {
    if is_utf8(open()?).map_err(&fail)? {
        return Ok(Encoding::Utf8);
    }
    let (sound, broken) = count_lines(open()?).map_err(&fail)?;
    if sound * 4 >= broken {
        return Ok(Encoding::Utf8);
    }
    Ok(Encoding::Legacy(legacy::guess(open()?).map_err(&fail)?))
}

const CHUNK: usize = 256 << 10;

fn is_utf8(mut stream: Bytes) -> io::Result<bool> {
    let mut buffer = vec![0; CHUNK];
    let mut carried = 0;
    loop {
        let n = match stream.read(&mut buffer[carried..]) {
            Ok(n) => n,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => continue,
            Err(e) => return Err(e),
        };
        if n == 0 {
            return Ok(carried == 0);
        }
        let have = carried + n;
        carried = match std::str::from_utf8(&buffer[..have]) {
            Ok(_) => 0,
            Err(e) if e.error_len().is_some() => return Ok(false),
            Err(e) => {
                buffer.copy_within(e.valid_up_to()..have, 0);
                have - e.valid_up_to()
            }
        };
    }
}

/// Lines with sound multi-byte text and none broken; lines with bytes that are no UTF-8.
fn count_lines(mut stream: Bytes) -> io::Result<(u64, u64)> {
    let (mut sound, mut broken) = (0, 0);
    let (mut multi, mut bad) = (false, false);
    let mut buffer = vec![0; CHUNK];
    let mut carried = 0;
    loop {
        let n = match stream.read(&mut buffer[carried..]) {
            Ok(n) => n,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => continue,
            Err(e) => return Err(e),
        };
        let have = carried + n;
        carried = 0;
        let mut at = 0;
        for chunk in buffer[..have].utf8_chunks() {
            for part in chunk.valid().split_inclusive(['\n', '\r']) {
                multi |= !part.is_ascii();
                if part.ends_with(['\n', '\r']) {
                    sound += u64::from(multi && !bad);
                    broken += u64::from(bad);
                    (multi, bad) = (false, false);
                }
            }
            let invalid = chunk.invalid();
            at += chunk.valid().len() + invalid.len();
            let incomplete = std::str::from_utf8(invalid).is_err_and(|e| e.error_len().is_none());
            if incomplete && at == have && n > 0 {
                // Its rest comes with the next read.
                carried = invalid.len();
            } else {
                bad |= !invalid.is_empty();
            }
        }
        buffer.copy_within(have - carried..have, 0);
        if n == 0 {
            return Ok((sound + u64::from(multi && !bad), broken + u64::from(bad)));
        }
    }
}

/// The stream as UTF-8, without byte-order mark. Code units that are no text come out as the byte
/// FF, which no UTF-8 contains, so that the row that holds them is found to be bad.
pub(super) fn decoded(stream: Bytes, encoding: Encoding) -> io::Result<Bytes> {
    let mut stream = stream;
    let mut head = [0; 3];
    let mut have = 0;
    while have < head.len() {
        match stream.read(&mut head[have..])? {
            0 => break,
            n => have += n,
        }
    }
    let mark: &[u8] = match encoding {
        Encoding::Utf8 => &[0xef, 0xbb, 0xbf],
        Encoding::Utf16Le => &[0xff, 0xfe],
        Encoding::Utf16Be => &[0xfe, 0xff],
        Encoding::Legacy(_) => &[],
    };
    let skip = if head[..have].starts_with(mark) { mark.len() } else { 0 };
    let whole: Bytes = Box::new(io::Cursor::new(head[skip..have].to_vec()).chain(stream));
    let decoder = match encoding {
        Encoding::Utf8 => return Ok(whole),
        Encoding::Utf16Le => UTF_16LE.new_decoder_without_bom_handling(),
        Encoding::Utf16Be => UTF_16BE.new_decoder_without_bom_handling(),
        Encoding::Legacy(encoding) => encoding.new_decoder_without_bom_handling(),
    };
    Ok(Box::new(Decoding {
        stream: whole,
        decoder,
        raw: vec![0; CHUNK / 4],
        raw_at: 0,
        raw_end: 0,
        ended: false,
        finished: false,
        text: vec![0; CHUNK],
        text_at: 0,
        text_end: 0,
    }))
}

struct Decoding {
    stream: Bytes,
    decoder: Decoder,
    raw: Vec<u8>,
    raw_at: usize,
    raw_end: usize,
    ended: bool,
    finished: bool,
    text: Vec<u8>,
    text_at: usize,
    text_end: usize,
}

/// Most bytes that a code unit becomes.
const UNIT_MAX: usize = 4;

impl Decoding {
    /// Fills `text` with what comes next; it stays empty only at the end.
    fn refill(&mut self) -> io::Result<()> {
        (self.text_at, self.text_end) = (0, 0);
        while self.text.len() - self.text_end > UNIT_MAX && !self.finished {
            if self.raw_at == self.raw_end && !self.ended {
                if self.text_end > 0 {
                    break;
                }
                self.raw_at = 0;
                self.raw_end = self.stream.read(&mut self.raw)?;
                self.ended = self.raw_end == 0;
            }
            // The last byte is kept for the mark of what is no text.
            let space = self.text.len() - 1;
            let (result, read, written) = self.decoder.decode_to_utf8_without_replacement(
                &self.raw[self.raw_at..self.raw_end],
                &mut self.text[self.text_end..space],
                self.ended,
            );
            self.raw_at += read;
            self.text_end += written;
            match result {
                DecoderResult::InputEmpty => self.finished = self.ended,
                DecoderResult::OutputFull => break,
                DecoderResult::Malformed(_, _) => {
                    self.text[self.text_end] = 0xff;
                    self.text_end += 1;
                }
            }
        }
        Ok(())
    }
}

impl Read for Decoding {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if self.text_at == self.text_end {
            self.refill()?;
        }
        let n = buf.len().min(self.text_end - self.text_at);
        buf[..n].copy_from_slice(&self.text[self.text_at..self.text_at + n]);
        self.text_at += n;
        Ok(n)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WESTERN: Encoding = Encoding::Legacy(WINDOWS_1252);

    fn surveyed(bytes: &[u8]) -> Encoding {
        let open = || Ok::<Bytes, io::Error>(Box::new(io::Cursor::new(bytes.to_vec())));
        from_head(bytes).unwrap_or_else(|| survey(open, |e| e).unwrap())
    }

    fn text(bytes: &[u8], encoding: Encoding) -> Vec<u8> {
        let mut out = Vec::new();
        let stream = Box::new(io::Cursor::new(bytes.to_vec()));
        decoded(stream, encoding).unwrap().read_to_end(&mut out).unwrap();
        out
    }

    #[test]
    fn encodings_are_told_apart() {
        let utf16 = |s: &str, be: bool| -> Vec<u8> {
            s.encode_utf16()
                .flat_map(|u| if be { u.to_be_bytes() } else { u.to_le_bytes() })
                .collect()
        };
        let cases: &[(&[u8], Encoding)] = &[
            (b"a,b\n1,2\n", Encoding::Utf8),
            ("a,b\nJosé,2\n".as_bytes(), Encoding::Utf8),
            (b"\xef\xbb\xbfa\n\xff\n\xff\n", Encoding::Utf8),
            (b"a,b\nJos\xe9,2\n", WESTERN),
            (b"a,b\nM\xfcller,2\nJos\xe9,3\n", WESTERN),
            (b"\xff\xfea\0,\0", Encoding::Utf16Le),
            (b"\xfe\xff\0a\0,", Encoding::Utf16Be),
            (&utf16("name;town\nJosé;Łódź\n", false), Encoding::Utf16Le),
            (&utf16("name;town\nJosé;Łódź\n", true), Encoding::Utf16Be),
        ];
        for (bytes, expected) in cases {
            assert_eq!(surveyed(bytes), *expected, "{bytes:?}");
        }
    }

    #[test]
    fn some_broken_lines_leave_a_file_utf8_in_any_order() {
        let mut lines: Vec<&[u8]> = vec!["José\n".as_bytes(); 30];
        lines.extend(vec![&b"J\xe9r\xf4me \xff\n"[..]; 60]);
        let forward = lines.concat();
        lines.reverse();
        assert_eq!(surveyed(&forward), Encoding::Utf8);
        assert_eq!(surveyed(&lines.concat()), Encoding::Utf8);
        let mut lines: Vec<&[u8]> = vec![b"M\xfcller\n"; 90];
        lines.push("José\n".as_bytes());
        assert_eq!(surveyed(&lines.concat()), WESTERN);
        lines.reverse();
        assert_eq!(surveyed(&lines.concat()), WESTERN);
    }

    #[test]
    fn names_lead_back_to_their_encodings() {
        for name in ["utf-8", "utf-16le", "utf-16be", "windows-1252", "koi8-r", "shift_jis", "gbk"]
        {
            assert_eq!(Encoding::named(name).map(Encoding::name).as_deref(), Some(name));
        }
        assert_eq!(Encoding::named("nonsense"), None);
    }

    #[test]
    fn text_comes_out_as_utf8() {
        assert_eq!(text(b"\x80 \x93x\x94", WESTERN), "€ “x”".as_bytes());
        assert_eq!(text(b"\xff\xfea\0\xe9\0", Encoding::Utf16Le), "aé".as_bytes());
        assert_eq!(text(b"\xfe\xff\0a\0\xe9", Encoding::Utf16Be), "aé".as_bytes());
        assert_eq!(text(b"a\0\0\xd8b\0", Encoding::Utf16Le), b"a\xffb");
        assert_eq!(text(b"a\0b", Encoding::Utf16Le), b"a\xff");
        assert_eq!(text(b"", Encoding::Utf16Le), b"");
    }
}
