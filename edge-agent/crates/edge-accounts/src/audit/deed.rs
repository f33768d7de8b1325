//! What is logged, by its stable name.

macro_rules! deeds {
    ($($(#[$doc:meta])* $variant:ident = $name:literal),+ $(,)?) => {
        /// What somebody did.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Deed { $($(#[$doc])* $variant),+ }

        impl Deed {
            /// All there are.
            pub const ALL: &[Deed] = &[$(Deed::$variant),+];

            /// Its stable name.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Deed::$variant => $name),+ }
            }
        }
    };
}

deeds! {
    /// The box was set up with its code.
    SetUp = "set_up",
    /// Signed in.
    LogIn = "log_in",
    /// A wrong password or code.
    LogInRefused = "log_in_refused",
    /// An account was locked, or an address held back.
    Locked = "locked",
    /// Signed out.
    LogOut = "log_out",
    /// All sessions of an account were ended.
    LogOutEverywhere = "log_out_everywhere",
    /// Changed the own password.
    PasswordChanged = "password_changed",
    /// Made an account.
    AccountMade = "account_made",
    /// Changed an account.
    AccountChanged = "account_changed",
    /// Looked at a camera's pictures.
    Picture = "picture",
    /// Looked at a camera's detections.
    Detections = "detections",
    /// Has seen an event.
    Acknowledge = "acknowledge",
    /// Wrote a note on an event.
    Note = "note",
    /// Took a step in an event's case.
    CaseStep = "case_step",
    /// Took evidence away.
    EvidenceTaken = "evidence_taken",
    /// A link to evidence was given to the centre.
    EvidenceLinked = "evidence_linked",
    /// Somebody used such a link.
    EvidenceFetched = "evidence_fetched",
    /// Took the access log away as a file.
    AuditExported = "audit_exported",
    /// Old lines of the access log were removed.
    AuditTrimmed = "audit_trimmed",
    /// Lines of the access log cannot be read; they were set aside.
    AuditDamaged = "audit_damaged",
}
