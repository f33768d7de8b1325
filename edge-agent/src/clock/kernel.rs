//! What the kernel knows of the clock's discipline: the state that every NTP daemon keeps there (`adjtimex(2)`). Reads, never sets.
#![expect(unsafe_code, reason = "the kernel's clock state has no safe wrapper")]

/// Whether somebody keeps the clock right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Discipline {
    /// A daemon keeps it; the kernel's own bound of the error, in milliseconds.
    Synced {
        /// Largest error the daemon allows for.
        max_error_ms: i64,
    },
    /// Nobody does, or nobody has for so long that the kernel no longer believes it.
    Unsynced,
    /// The kernel does not say: a container, a sandbox.
    Unknown,
}

/// The state now.
#[must_use]
pub fn discipline() -> Discipline {
    // SAFETY: `timex` is plain numbers, for which all zeros are values; zero `modes` asks the kernel to fill it and to set nothing.
    let (state, said) = unsafe {
        let mut said: libc::timex = std::mem::zeroed();
        (libc::adjtimex(&raw mut said), said)
    };
    if state == -1 {
        Discipline::Unknown
    } else if state == libc::TIME_ERROR || said.status & libc::STA_UNSYNC != 0 {
        Discipline::Unsynced
    } else {
        Discipline::Synced {
            // Microseconds.
            max_error_ms: said.maxerror / 1000,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernel_answers_without_setting_anything() {
        match discipline() {
            Discipline::Synced { max_error_ms } => assert!(max_error_ms >= 0),
            Discipline::Unsynced | Discipline::Unknown => {}
        }
    }
}
