//! International domain names in the form that the domain name system carries (RFC 3492).

use unicode_normalization::UnicodeNormalization;

/// A domain with its non-ASCII labels as `xn--…`; labels that cannot be encoded stay.
pub(super) fn domain(domain: &str) -> String {
    let folded: String = domain.nfkc().collect::<String>().to_lowercase();
    let mut out = String::with_capacity(folded.len() + 8);
    for (at, label) in folded.split('.').enumerate() {
        if at > 0 {
            out.push('.');
        }
        match encode(label) {
            Some(encoded) if !label.is_ascii() => {
                out.push_str("xn--");
                out.push_str(&encoded);
            }
            _ => out.push_str(label),
        }
    }
    out
}

/// A label in ASCII, without the prefix; `None` where it cannot be encoded.
pub(super) fn encode(label: &str) -> Option<String> {
    const BASE: u32 = 36;
    const T_MIN: u32 = 1;
    const T_MAX: u32 = 26;
    let mut out: String = label.chars().filter(char::is_ascii).collect();
    let basic = out.len() as u32;
    if basic > 0 {
        out.push('-');
    }
    let total = label.chars().count() as u32;
    let (mut n, mut delta, mut bias, mut handled) = (128_u32, 0_u32, 72_u32, basic);
    while handled < total {
        let next = label.chars().map(|c| c as u32).filter(|c| *c >= n).min()?;
        delta = delta.checked_add((next - n).checked_mul(handled + 1)?)?;
        n = next;
        for c in label.chars().map(|c| c as u32) {
            if c < n {
                delta = delta.checked_add(1)?;
            }
            if c != n {
                continue;
            }
            let mut q = delta;
            let mut k = BASE;
            loop {
                let t = k.saturating_sub(bias).clamp(T_MIN, T_MAX);
                if q < t {
                    break;
                }
                out.push(digit(t + (q - t) % (BASE - t)));
                q = (q - t) / (BASE - t);
                k += BASE;
            }
            out.push(digit(q));
            bias = adapt(delta, handled + 1, handled == basic);
            delta = 0;
            handled += 1;
        }
        delta = delta.checked_add(1)?;
        n = n.checked_add(1)?;
    }
    Some(out)
}

fn digit(value: u32) -> char {
    (if value < 26 { b'a' + value as u8 } else { b'0' + (value - 26) as u8 }) as char
}

fn adapt(delta: u32, count: u32, first: bool) -> u32 {
    let mut delta = if first { delta / 700 } else { delta / 2 };
    delta += delta / count;
    let mut k = 0;
    while delta > 455 {
        delta /= 35;
        k += 36;
    }
    k + 36 * delta / (delta + 38)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodes_as_the_registries_do() {
        for (name, want) in [
            ("example.com", "example.com"),
            ("müller.de", "xn--mller-kva.de"),
            ("bücher.example", "xn--bcher-kva.example"),
            ("日本語.jp", "xn--wgv71a119e.jp"),
            ("пример.рф", "xn--e1afmkfd.xn--p1ai"),
            ("ＡＢＣ.com", "abc.com"),
        ] {
            assert_eq!(domain(name), want, "{name}");
        }
    }
}
