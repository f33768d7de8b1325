// Times, durations and sizes as texts. Times are the hall's, taken from the offset in the text itself, never the viewer's.

export type Lang = 'zh' | 'en';

/** `7 分 20 秒`, `1 小时 13 分`, `2 天 3 小时`; `7 min 20 s` … Whole seconds, rounded down: a limit is never shown early. */
export function duration(ms: number, lang: Lang): string {
  const s = Math.max(0, Math.floor(ms / 1000));
  const [d, h, m, sec] = lang === 'zh' ? ['天', '小时', '分', '秒'] : ['d', 'h', 'min', 's'];
  if (s < 60) return `${s} ${sec}`;
  if (s < 3600) return `${Math.floor(s / 60)} ${m} ${s % 60} ${sec}`;
  if (s < 86_400) return `${Math.floor(s / 3600)} ${h} ${Math.floor((s % 3600) / 60)} ${m}`;
  return `${Math.floor(s / 86_400)} ${d} ${Math.floor((s % 86_400) / 3600)} ${h}`;
}

/** A configured time span: as `duration`, without a part that is nought: `3 分`, `15 min`, `90 s` as `1 min 30 s`. */
export function limit(ms: number, lang: Lang): string {
  return duration(ms, lang).replace(/^(\d+ \S+) 0 \S+$/, '$1');
}

/** `10:05` of an RFC 3339 text, as it stands there. */
export const hourMinute = (rfc3339: string) => rfc3339.slice(11, 16);

/** `10:05:07`. */
export const hourMinuteSecond = (rfc3339: string) => rfc3339.slice(11, 19);

/** `2026-09-21`. */
export const day = (rfc3339: string) => rfc3339.slice(0, 10);

/** `10:05`, with the day in front when it is not the day of `now`. */
export function moment(rfc3339: string, now: string | null): string {
  const time = hourMinute(rfc3339);
  return now !== null && day(now) !== day(rfc3339) ? `${rfc3339.slice(5, 10)} ${time}` : time;
}

/** The text moved by `ms`, in its own offset, without milliseconds. */
export function shifted(rfc3339: string, ms: number): string {
  const zone = /([+-])(\d\d):(\d\d)$/.exec(rfc3339);
  const offsetMs = zone ? Number(`${zone[1]}1`) * (Number(zone[2]) * 60 + Number(zone[3])) * 60_000 : 0;
  const local = new Date(Date.parse(rfc3339) + ms + offsetMs).toISOString().slice(0, 19);
  return `${local}${zone ? zone[0] : 'Z'}`;
}

/** `4.2 MB`; powers of 1000. */
export function bytes(n: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let value = n;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit]}`;
}

/** `12 345` with thin spaces, in both languages. */
export const count = (n: number) => String(n).replace(/\B(?=(\d{3})+$)/g, '\u2009');

/** `93.4 %` of a share; `text` where there is nothing to say. */
export const rate = (share: number | null, text: string) => (share === null ? text : `${(share * 100).toFixed(1)} %`);

/** `93 %`. */
export const percent = (share: number) => `${Math.round(share * 100)} %`;
