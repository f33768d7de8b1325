//! Three-valued truth: what a source says about presence. Owns nothing else.

/// Yes, no, or not knowable right now.
///
/// `Unknown` is a value like the others, so that a dead camera makes a window unknown and never unstaffed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Tri {
    /// Observed to be so.
    Yes,
    /// Observed not to be so.
    No,
    /// Not observed.
    #[default]
    Unknown,
}

impl Tri {
    /// True only for an observed yes.
    #[must_use]
    pub fn is_yes(self) -> bool {
        self == Tri::Yes
    }

    /// True only for an observed no.
    #[must_use]
    pub fn is_no(self) -> bool {
        self == Tri::No
    }

    /// False for [`Tri::Unknown`].
    #[must_use]
    pub fn is_known(self) -> bool {
        self != Tri::Unknown
    }
}

impl From<bool> for Tri {
    fn from(value: bool) -> Self {
        if value { Tri::Yes } else { Tri::No }
    }
}
