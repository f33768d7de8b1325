//! Child processes that cannot outlive whoever started them, and that Ctrl-C in a terminal does not reach by itself.

use std::ffi::OsStr;
use std::os::unix::process::CommandExt;
use std::process::Command;

/// A command whose process is killed when the calling thread ends, however that happens, and that has a process group of its
/// own. `setpriv` (util-linux, part of every Debian) sets this up and then becomes the program: the process id is the program's.
#[must_use]
pub fn owned(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new("setpriv");
    command
        .args(["--pdeathsig", "KILL", "--"])
        .arg(program)
        .process_group(0);
    command
}
