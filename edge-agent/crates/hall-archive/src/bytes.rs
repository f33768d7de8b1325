//! Numbers and texts as few bytes: LEB128 (<https://dwarfstd.org/doc/DWARF5.pdf>, 7.6), signed numbers zigzagged. Knows no record.

/// Nothing in a hall is further from anything else: 2,000 years. What is, is damage, and must not overflow where instants are reckoned.
pub(crate) const FAR_MS: i64 = 1 << 46;

/// Bytes under construction.
#[derive(Debug, Default)]
pub(crate) struct Out(pub Vec<u8>);

impl Out {
    pub fn byte(&mut self, byte: u8) {
        self.0.push(byte);
    }

    pub fn number(&mut self, mut n: u64) {
        while n >= 0x80 {
            self.0.push(n as u8 | 0x80);
            n >>= 7;
        }
        self.0.push(n as u8);
    }

    pub fn signed(&mut self, n: i64) {
        self.number((n << 1 ^ n >> 63) as u64);
    }

    pub fn text(&mut self, text: &str) {
        self.number(text.len() as u64);
        self.0.extend_from_slice(text.as_bytes());
    }

    pub fn flag(&mut self, flag: bool) {
        self.byte(u8::from(flag));
    }

    /// 0, or 1 and the number.
    pub fn maybe(&mut self, n: Option<i64>) {
        self.flag(n.is_some());
        if let Some(n) = n {
            self.signed(n);
        }
    }
}

/// Bytes being read; `None` where they end too early or make no sense.
#[derive(Debug)]
pub(crate) struct In<'a>(pub &'a [u8]);

impl<'a> In<'a> {
    pub fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    pub fn number(&mut self) -> Option<u64> {
        let mut n = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            n |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some(n);
            }
        }
        None
    }

    pub fn signed(&mut self) -> Option<i64> {
        let n = self.number()?;
        Some((n >> 1) as i64 ^ -((n & 1) as i64))
    }

    /// Milliseconds.
    pub fn ms(&mut self) -> Option<i64> {
        self.signed().filter(|ms| (-FAR_MS..=FAR_MS).contains(ms))
    }

    pub fn maybe_ms(&mut self) -> Option<Option<i64>> {
        match self.maybe()? {
            Some(ms) if !(-FAR_MS..=FAR_MS).contains(&ms) => None,
            ms => Some(ms),
        }
    }

    pub fn count(&mut self) -> Option<usize> {
        let n = usize::try_from(self.number()?).ok()?;
        // Everything counted takes a byte at least: a nonsensical count cannot ask for memory.
        (n <= self.0.len()).then_some(n)
    }

    pub fn text(&mut self) -> Option<&'a str> {
        let n = self.count()?;
        let (text, rest) = self.0.split_at(n);
        self.0 = rest;
        std::str::from_utf8(text).ok()
    }

    pub fn flag(&mut self) -> Option<bool> {
        Some(self.byte()? != 0)
    }

    pub fn maybe(&mut self) -> Option<Option<i64>> {
        if self.flag()? {
            Some(Some(self.signed()?))
        } else {
            Some(None)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_goes_in_comes_out(n: u64, s: i64, text: String, flag: bool, maybe: Option<i64>) {
            let mut out = Out::default();
            out.number(n);
            out.signed(s);
            out.text(&text);
            out.flag(flag);
            out.maybe(maybe);
            let mut read = In(&out.0);
            prop_assert_eq!(read.number(), Some(n));
            prop_assert_eq!(read.signed(), Some(s));
            prop_assert_eq!(read.text(), Some(&*text));
            prop_assert_eq!(read.flag(), Some(flag));
            prop_assert_eq!(read.maybe(), Some(maybe));
            prop_assert!(read.0.is_empty() && read.byte().is_none());
        }
    }
}
