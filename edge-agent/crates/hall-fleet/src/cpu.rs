//! CPU time of a process, from /proc.

/// Linux counts in hundredths of a second towards programs on every architecture (USER_HZ).
const TICKS_PER_S: f64 = 100.0;

/// CPU seconds that a process has used so far, all threads; `None`: there is no such process, or it may not be seen.
#[must_use]
pub fn seconds(pid: u32) -> Option<f64> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name in parentheses may hold anything.
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let ticks = |n: usize| fields.get(n)?.parse::<f64>().ok();
    Some((ticks(11)? + ticks(12)?) / TICKS_PER_S)
}

/// CPU time of one process over a while, also when it ends on the way.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CpuMeter {
    pid: u32,
    /// At the start and at the last look.
    span: Option<(f64, f64)>,
}

impl CpuMeter {
    /// From now on.
    #[must_use]
    pub fn start(pid: u32) -> Self {
        let now = seconds(pid);
        CpuMeter {
            pid,
            span: now.map(|s| (s, s)),
        }
    }

    /// Takes the present figure, if the process is still there.
    pub fn look(&mut self) {
        if let (Some((_, last)), Some(now)) = (&mut self.span, seconds(self.pid)) {
            *last = now;
        }
    }

    /// Seconds used between start and last look; `None`: there was no such process.
    #[must_use]
    pub fn used_s(&self) -> Option<f64> {
        self.span.map(|(first, last)| last - first)
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn this_process_has_used_some_and_no_process_none() {
        let before = super::seconds(std::process::id()).unwrap();
        let mut x = 1_u64;
        while super::seconds(std::process::id()).unwrap() < before + 0.02 {
            x = std::hint::black_box(x.wrapping_mul(3));
        }
        assert_eq!(super::seconds(u32::MAX), None);
        assert_eq!(super::CpuMeter::start(u32::MAX).used_s(), None);
        assert_eq!(
            super::CpuMeter::start(std::process::id()).used_s(),
            Some(0.0)
        );
    }
}
