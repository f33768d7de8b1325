// Day and month in a real browser: what the interface says is what stands there, on phone, laptop and wall, and on paper.

import { join } from 'node:path';

const LABELS = '.figure, .timeline__name, .button, .pill, .head__nav a, .level, .chart__legend span, .timeline__legend li, .bars__name, .bars__value, .heat__grid th, .report__table th';
const SIZES = [['phone', 360, 740], ['laptop', 1366, 768], ['wall', 1920, 1080]];
const WORDS = { zh: { suspected: '空岗(疑似)', unranked: '不排名' }, en: { suspected: 'Unstaffed (suspected)', unranked: 'not ranked' } };
/** The figures of a box that has just begun are written when its first minute is over. */
const FIRST_MS = 100_000;

/** The answer, as soon as there is one. */
async function kept(url, path) {
  const deadline = Date.now() + FIRST_MS;
  for (;;) {
    const answer = await fetch(new URL(path, url));
    if (answer.ok) return answer.json();
    if (Date.now() > deadline) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
    await new Promise((done) => setTimeout(done, 1_000));
  }
}

export async function figures({ browser, url, check, out, sideways, clipped, mock }) {
  const day = await kept(url, '/api/day');
  for (const [locale, lang] of [['zh-CN', 'zh'], ['en-GB', 'en']]) {
    for (const [size, width, height] of SIZES) {
      const context = await browser.newContext({ locale, viewport: { width, height }, acceptDownloads: true });
      const page = await context.newPage();
      const errors = [];
      page.on('console', (message) => message.type() === 'error' && errors.push(message.text()));
      page.on('pageerror', (error) => errors.push(String(error)));
      const of = (view) => `${view} ${size} ${lang}`;

      await page.goto(`${url}/#/day`);
      await page.locator('[data-testid=day][data-date]').waitFor({ timeout: 15_000 });
      const rows = await page.getByTestId('timeline-row').evaluateAll((all) => all.map((r) => ({ id: r.dataset.window, pieces: r.querySelectorAll('.piece').length, said: r.querySelector('[role=img]').getAttribute('aria-label') })));
      check(`${of('day')}: every window has its row`, JSON.stringify(rows.map((r) => r.id).sort()) === JSON.stringify(day.windows.map((w) => w.window).sort()), rows.map((r) => `${r.id}:${r.pieces}`).join(' '));
      check(`${of('day')}: a row says in words what its bars show`, rows.every((r) => r.pieces > 0 && r.said.startsWith(`${r.id}: `)), rows[0]?.said);
      const charts = await page.getByTestId('curve').locator('canvas').evaluateAll((all) => all.map((c) => new Set(c.getContext('2d').getImageData(0, 0, c.width, c.height).data).size));
      check(`${of('day')}: queue curves are drawn`, charts.length === day.queues.length && charts.every((colours) => colours > 3), charts.join(' '));
      await fits(page, of('day'));
      await page.screenshot({ path: join(out, `day-${size}-${lang}.png`), fullPage: true });
      if (mock && size === 'laptop') await byKeyboard(page, of('day'));

      await page.goto(`${url}/#/month`);
      await page.locator('[data-testid=month][data-month]').waitFor({ timeout: 30_000 });
      const month = await page.getByTestId('month').getAttribute('data-month');
      const report = await (await fetch(new URL(`/api/report?month=${month}`, url))).json();
      const leading = await page.getByTestId('leading').innerText();
      const shown = report.staffing.staffing_rate === null ? '' : `${(report.staffing.staffing_rate * 100).toFixed(1)} %`;
      check(`${of('month')}: the staffing rate is the report's`, leading.includes(shown) && leading.includes(WORDS[lang].suspected), shown);
      const ranked = await page.getByTestId('ranked').evaluateAll((all) => all.map((r) => ({ rank: r.dataset.rank ?? null, text: r.innerText })));
      check(`${of('month')}: no rank where too little was seen`, ranked.length === report.windows.length && ranked.every((r, i) => (report.windows[i].rank === null) === r.text.includes(WORDS[lang].unranked)), ranked.map((r) => r.rank ?? '–').join(' '));
      check(`${of('month')}: every hour of every day has its field`, (await page.locator('.heat__field:not(.heat__field--none)').count()) >= report.day_hours.filter((h) => h.scheduled_s > 0).length);
      await fits(page, of('month'));
      await page.screenshot({ path: join(out, `month-${size}-${lang}.png`), fullPage: true });
      const text = await page.locator('body').innerText();
      check(`${of('month')}: no person is accused`, !/脱岗|擅自|睡岗|旷工|迟到|早退/.test(text));
      if (!mock && size === 'laptop') await files(page, month, lang);
      await paper(page, of('month'), size, lang);
      check(`${of('figures')}: no console errors`, errors.length === 0, errors.join('; '));
      await context.close();
    }
  }

  async function fits(page, what) {
    const over = await sideways(page);
    check(`${what}: nothing sticks out sideways`, over.px <= 0, `${over.px} px ${over.px > 0 ? over.wide.join(' ') : ''}`);
    const cut = await clipped(page, LABELS);
    check(`${what}: no text is cut off`, cut.length === 0, cut.join('; '));
  }

  async function byKeyboard(page, what) {
    const before = await page.getByTestId('day').getAttribute('data-date');
    for (let n = 0; n < 30; n += 1) {
      await page.keyboard.press('Tab');
      if (await page.evaluate(() => document.activeElement?.closest('.figures__choose') !== null && document.activeElement?.tagName === 'A')) break;
    }
    await page.keyboard.press('Enter');
    await page.waitForFunction((date) => { const shown = document.querySelector('[data-testid=day]')?.dataset.date; return shown && shown !== date; }, before, { timeout: 10_000 });
    check(`${what}: the day before is reached by keyboard`, (await page.getByTestId('day').getAttribute('data-date')) < before);
    await page.getByTestId('day-event').first().locator('button').press('Enter');
    await page.locator('dialog').waitFor({ timeout: 5_000 });
    await page.keyboard.press('Escape');
    check(`${what}: an event opens from the day`, true);
  }

  async function files(page, month, lang) {
    for (const [format, starts] of [['xlsx', 'PK'], ['csv', '\ufeff'], ['html', '<!doctype html>']]) {
      const [download] = await Promise.all([page.waitForEvent('download'), page.getByTestId(`file-${format}`).click()]);
      const path = join(out, `report-${lang}.${format}`);
      await download.saveAs(path);
      const { readFile } = await import('node:fs/promises');
      const begins = (await readFile(path)).toString('utf8').startsWith(starts);
      check(`month ${lang}: ${format} is handed out`, begins && download.suggestedFilename() === `report-${month}.${format}`, download.suggestedFilename());
    }
  }

  // On paper: A4, nothing beyond its edge, charts as wide as the page.
  async function paper(page, what, size, lang) {
    const pdf = await page.pdf({ path: join(out, `month-${size}-${lang}.pdf`), preferCSSPageSize: true });
    const boxes = [...pdf.toString('latin1').matchAll(/\/MediaBox\s*\[\s*0 0 ([\d.]+) ([\d.]+)/g)].map((m) => [Number(m[1]), Number(m[2])]);
    check(`${what}: prints on A4`, boxes.length >= 2 && boxes.every(([w, h]) => Math.abs(w - 595.3) < 1.5 && Math.abs(h - 841.9) < 1.5), `${boxes.length} pages of ${boxes[0]}`);
    // 186 mm of text at 96 dots an inch.
    await page.setViewportSize({ width: 703, height: 1_000 });
    await page.emulateMedia({ media: 'print' });
    const over = await sideways(page);
    check(`${what}: nothing sticks out of the paper`, over.px <= 0, `${over.px} px ${over.px > 0 ? over.wide.join(' ') : ''}`);
    const cut = await clipped(page, LABELS.replace('.button, .pill, .head__nav a, ', ''));
    check(`${what}: no text is cut off on paper`, cut.length === 0, cut.join('; '));
    // The chart is drawn anew for paper; until then it is of the old width, or of none.
    const ratio = () => (document.querySelector('.report .chart canvas')?.getBoundingClientRect().width ?? 0) / document.querySelector('.report').clientWidth;
    await page.waitForFunction(`(${ratio})() > 0.9 && (${ratio})() <= 1.001`, undefined, { timeout: 5_000 }).catch(() => undefined);
    const wide = await page.evaluate(ratio);
    check(`${what}: the chart is as wide as the paper`, wide > 0.9 && wide <= 1.001, wide.toFixed(2));
    await page.emulateMedia({ media: null });
  }
}
