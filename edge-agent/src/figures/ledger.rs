//! The book of figures and its files as one: takes what the engine says, rolls up what is due, keeps every changed day. Asks no clock.

use std::collections::BTreeSet;

use hall_core::engine::Output;
use hall_core::ids::WindowId;
use hall_core::rating::RatingOption;
use hall_core::time::Stamp;
use hall_metrics::book::KEEP_DAYS as BOOK_DAYS;
use hall_metrics::fact::local_ms;
use hall_metrics::{Book, Layout, LocalDay, PeriodKind, Rollup};
use hall_wire::day::day_text;

use super::files::{DayFiles, KEEP_BYTES};

/// What is rolled up on the box.
const KINDS: [PeriodKind; 5] = [
    PeriodKind::Minute,
    PeriodKind::Quarter,
    PeriodKind::Hour,
    PeriodKind::Day,
    PeriodKind::Month,
];
/// Events and decisions kept while nobody believes the clock yet; the log knows no more of them either.
const EARLY_MAX: usize = 20_000;

/// Figures of the running hall and where they are kept.
#[derive(Debug)]
pub struct Ledger {
    layout: Layout,
    files: DayFiles,
    /// `None` until the clock is believed: only then is known which days are near.
    pub(super) book: Option<Book>,
    /// Days that changed and could not be written down: nothing that begins on them is sent.
    pub(super) unsaved: BTreeSet<LocalDay>,
    /// Said before.
    early: Vec<Output>,
    /// Days of which everything on disk is in the book.
    own: BTreeSet<LocalDay>,
    trimmed: Option<LocalDay>,
}

impl Ledger {
    /// A ledger that goes on with what is in `files`.
    #[must_use]
    pub fn new(layout: Layout, files: DayFiles) -> Self {
        Ledger {
            layout,
            files,
            book: None,
            unsaved: BTreeSet::new(),
            early: Vec::new(),
            own: BTreeSet::new(),
            trimmed: None,
        }
    }

    /// The hall.
    #[must_use]
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// Takes what the engine said. Returns true when it should be written down now: a minute is over, or a person decided.
    pub fn enter(&mut self, batch: Vec<Output>) -> bool {
        let urgent = |output: &Output| match output {
            Output::Summary(_) | Output::Excuse(_) => true,
            Output::Event(event) => event.revision.is_some(),
            _ => false,
        };
        let now = batch.iter().any(urgent);
        match &mut self.book {
            Some(book) => batch.iter().for_each(|output| book.take(output)),
            None => {
                // Times by a clock nobody believes are of no day; what the log knows has its right times.
                let kept = |output: &Output| matches!(output, Output::Event(_) | Output::Excuse(_));
                self.early.extend(batch.into_iter().filter(kept));
                let over = self.early.len().saturating_sub(EARLY_MAX);
                self.early.drain(..over);
            }
        }
        now
    }

    /// Days that were kept have been read, so that something can be added to them.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.book.is_some()
    }

    /// Counts one rating at a window. Nothing before [`Ledger::is_ready`].
    pub fn rate(&mut self, window: &WindowId, option: RatingOption, at: Stamp) {
        let local_ms = local_ms(at, self.layout.utc_offset_s);
        if let Some(book) = &mut self.book {
            book.rate(window, option, local_ms);
        }
    }

    /// It is `now` (`None`: nobody believes the clock): rolls up what is due, writes down the days that changed. The roll-ups that
    /// are new, and with a higher `rev` those that late data changed, in order of their end.
    ///
    /// # Errors
    /// When what was kept before cannot be listed; nothing is lost, and the next call tries again.
    pub fn round(&mut self, now: Option<Stamp>) -> anyhow::Result<Vec<Rollup>> {
        let today = now.map(|now| LocalDay::of(local_ms(now, self.layout.utc_offset_s)));
        if let (None, Some(today)) = (&self.book, today) {
            self.book = Some(self.load(today)?);
        }
        let Some(book) = &mut self.book else {
            return Ok(Vec::new());
        };
        // A clock nobody believes must not decide what is over and what is old.
        let rollups = now.map_or_else(Vec::new, |now| book.due(now));
        self.unsaved.clear();
        for day in book.take_changed() {
            let Some(stored) = book.day(day) else {
                continue;
            };
            let kept = if self.own.contains(&day) || !self.files.has(day) {
                Ok(())
            } else {
                // The clock was far off once, or is now.
                self.files.set_aside(day).map(|path| {
                    tracing::warn!(day = %day_text(day), set_aside = %path.display(),
                        "There were figures of a day that is told anew; they were set aside.");
                })
            };
            if let Err(error) = kept.and_then(|()| self.files.save(&stored)) {
                tracing::warn!(error = %format_args!("{error:#}"), "Figures cannot be saved; tried again in a minute.");
                book.mark_changed(day);
                self.unsaved.insert(day);
                continue;
            }
            self.own.insert(day);
        }
        if let Some(today) = today.filter(|today| self.trimmed != Some(*today)) {
            self.trimmed = Some(today);
            self.trim(today);
        }
        Ok(rollups)
    }

    /// The last weeks, so that late decisions find their days and revisions go on counting.
    fn load(&mut self, today: LocalDay) -> anyhow::Result<Book> {
        let (first, last) = (LocalDay(today.0 - BOOK_DAYS), LocalDay(today.0 + 1));
        let loaded = self.files.load(first, last)?;
        for (day, reason) in loaded.damaged {
            match self.files.set_aside(day) {
                Ok(path) => {
                    tracing::error!(%reason, set_aside = %path.display(),
                        "A day of figures cannot be read and was set aside; reports go without it. Keep the file for the support.");
                }
                Err(error) => {
                    tracing::error!(%reason, error = %format_args!("{error:#}"),
                        "A day of figures cannot be read, and not be set aside.");
                }
            }
        }
        self.own = (first.0..=last.0).map(LocalDay).collect();
        let mut book = Book::over(self.layout.clone(), KINDS.into());
        book.restore(loaded.days);
        for output in self.early.drain(..) {
            book.take(&output);
        }
        Ok(book)
    }

    fn trim(&mut self, today: LocalDay) {
        let needed = LocalDay(today.0 - BOOK_DAYS);
        self.own.retain(|day| *day >= needed);
        match self.files.trim(today, needed, KEEP_BYTES) {
            Ok(0) => {}
            Ok(removed) => tracing::info!(removed, "Old days of figures were removed."),
            Err(error) => {
                tracing::warn!(error = %format_args!("{error:#}"), "Old figures cannot be removed.");
            }
        }
    }
}
