//! First bytes of records, and limits both sides share. Never change a number: days of files hold them.

/// A picture that says something new: camera, lag, changed zones.
pub(crate) const PICTURE: u8 = 1;
/// A camera fell silent: when it was last seen, and its lag then.
pub(crate) const SILENT: u8 = 2;
/// A sensor's reading.
pub(crate) const SENSOR: u8 = 3;
/// A source went up or down.
pub(crate) const SOURCE: u8 = 4;
/// The wall clock.
pub(crate) const CLOCK: u8 = 5;
/// A ticket.
pub(crate) const TICKET: u8 = 6;
/// An order.
pub(crate) const ORDER: u8 = 7;
/// A fact about the box.
pub(crate) const SYSTEM: u8 = 8;
/// Something was lost here: how much. Everything before it is forgotten.
pub(crate) const GAP: u8 = 9;

/// Pictures of one camera further apart than this are written, and the silence with them; closer ones that say nothing new are not.
pub(crate) const APART_MS: i64 = 1_500;
/// In place of pictures that said nothing new, the reader gives out one as often as this.
pub(crate) const REPEAT_MS: i64 = 1_000;
/// The wall clock is written when it is off by this much: stamps read back are that exact.
pub(crate) const CLOCK_MS: i64 = 100;
