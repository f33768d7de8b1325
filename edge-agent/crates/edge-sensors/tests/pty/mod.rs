//! A serial line without hardware.

use std::fs::File;

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{OptionalActions, tcgetattr, tcsetattr};

/// The far end of a serial line, and the name of the near one.
pub fn open() -> (File, String) {
    let far = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&far).unwrap();
    unlockpt(&far).unwrap();
    let mut raw = tcgetattr(&far).unwrap();
    raw.make_raw();
    tcsetattr(&far, OptionalActions::Now, &raw).unwrap();
    let near = ptsname(&far, Vec::new()).unwrap();
    (File::from(far), near.into_string().unwrap())
}
