// Drives the page in a real browser against a running agent and takes screenshots. Exit code 0: every check held.
//
//   node test/page.e2e.mjs BASE_URL OUT_DIR        against an agent
//   node test/page.e2e.mjs mock OUT_DIR            against dev/mock.mjs
//
// Environment: CHROMIUM (default /usr/bin/chromium), WAIT_EVENT_S (default 60: how long a new event may take; 0: no new event
// is expected), EXPECT_STATES (for example `unstaffed,staffed`: states that must appear in the grid within WAIT_EVENT_S),
// CAMERA (default: the first camera that is up).

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { chromium } from 'playwright-core';

import { figures } from './figures.e2e.mjs';
import { quality } from './quality.e2e.mjs';

const [base, out = 'test-results'] = process.argv.slice(2);
if (!base) {
  console.error('usage: node test/page.e2e.mjs BASE_URL|mock OUT_DIR');
  process.exit(2);
}
const waitMs = Number(process.env.WAIT_EVENT_S ?? 60) * 1000;
const expectedStates = (process.env.EXPECT_STATES ?? '').split(',').filter(Boolean);
mkdirSync(out, { recursive: true });

const startMock = base === 'mock' ? (await import('../dev/mock.mjs')).startMock : null;
const mock = startMock ? await startMock() : null;
const url = mock?.url ?? base;
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
});

const failures = [];
const check = (name, held, detail = '') => {
  console.log(`${held ? 'ok  ' : 'FAIL'} ${name}${detail === '' ? '' : ` (${detail})`}`);
  if (!held) failures.push(name);
};

const STATE_TEXT = {
  zh: { staffed: '在岗', unstaffed: '空岗(疑似)', paused: '暂停', off_duty: '未排班', unknown: '无法观测' },
  en: { staffed: 'Staffed', unstaffed: 'Unstaffed (suspected)', paused: 'Paused', off_duty: 'Off duty', unknown: 'Unobservable' },
};

/** What is wrong with a sensor, of those that the halls of these checks have. */
const SENSOR_TEXT = { not_heard: '启动或恢复后尚无读数', silent: '超过时限未上报' };

async function open({ locale, width, height, scheme = 'light', at = '' }) {
  const context = await browser.newContext({ locale, viewport: { width, height }, colorScheme: scheme });
  const page = await context.newPage();
  const errors = [];
  page.on('console', (message) => message.type() === 'error' && errors.push(`${message.text()} ${message.location().url}`));
  page.on('pageerror', (error) => errors.push(String(error)));
  await page.goto(new URL(at, url).href);
  await page.locator(at === '' ? '[data-testid=window]' : '#main').first().waitFor({ timeout: 15_000 });
  return { context, page, errors };
}

const shoot = (page, name, fullPage = true) => page.screenshot({ path: join(out, `${name}.png`), fullPage });
const windows = (page) => page.getByTestId('window').evaluateAll((tiles) => tiles.map((t) => ({ id: t.dataset.window, state: t.dataset.state, text: t.innerText })));
const timers = (page) => page.locator('.tile__timer').evaluateAll((all) => all.map((e) => e.innerText).join());
// How far the page is wider than its window, and what makes it so.
const sideways = (page) => page.evaluate(() => {
  const { scrollWidth, clientWidth } = document.documentElement;
  const wide = [...document.body.querySelectorAll('*')].filter((e) => e.getBoundingClientRect().right > clientWidth + 0.5);
  return { px: scrollWidth - clientWidth, wide: wide.slice(0, 5).map((e) => `${e.tagName.toLowerCase()}.${e.className}`) };
});

// Texts that do not fit their box: cut off, or over the box's edge.
const clipped = (page, boxes) => page.evaluate((selector) =>
  [...document.querySelectorAll(selector)]
    .filter((e) => e.scrollHeight > e.clientHeight + 1 || e.scrollWidth > e.clientWidth + 1)
    .map((e) => `${e.className} ${e.innerText.replaceAll('\n', ' ')} ${e.scrollWidth}x${e.scrollHeight} in ${e.clientWidth}x${e.clientHeight}`), boxes);

try {
  // Desktop, Chinese.
  const zh = await open({ locale: 'zh-CN', width: 1440, height: 900 });
  await zh.page.locator('[data-testid=link]', { hasText: '实时' }).waitFor({ timeout: 15_000 });
  check('the page goes live', true);
  const truth = await (await fetch(new URL('/api/snapshot', url))).json();
  const shown = await windows(zh.page);
  check('every window has a tile', JSON.stringify(shown.map((w) => w.id)) === JSON.stringify(truth.windows.map((w) => w.window)), shown.map((w) => `${w.id}:${w.state}`).join(' '));
  check('each tile says its state in words', shown.every((w) => w.text.includes(STATE_TEXT.zh[w.state])));
  check('each tile has a running time', shown.every((w) => /\d+ (秒|分|小时|天)/.test(w.text)));
  const rows = await zh.page.locator('.sensor').evaluateAll((all) => all.map((row) => row.innerText));
  const told = (s) => rows.some((row) => row.startsWith(s.sensor) && row.includes(s.reason ? SENSOR_TEXT[s.reason] : '正常'));
  check('each sensor says how it stands, and why', truth.sensors.length > 0 && truth.sensors.every(told), rows.join(' | '));
  if (expectedStates.length > 0) {
    const deadline = Date.now() + waitMs;
    const missing = new Set(expectedStates);
    while (missing.size > 0 && Date.now() < deadline) {
      for (const { state } of await windows(zh.page)) missing.delete(state);
      await zh.page.waitForTimeout(200);
    }
    check(`the grid shows ${expectedStates.join(', ')}`, missing.size === 0, [...missing].join(','));
  }
  const before = await timers(zh.page);
  // Above an hour a timer moves once a minute.
  await zh.page.waitForFunction((text) => [...document.querySelectorAll('.tile__timer')].map((e) => e.innerText).join() !== text, before, { timeout: 65_000 });
  check('timers run', true);

  if (waitMs > 0) {
    const newest = (await (await fetch(new URL('/api/events?limit=1', url))).json()).last_seq;
    const arrived = await zh.page
      .waitForFunction((seq) => [...document.querySelectorAll('[data-testid=event]')].some((e) => Number(e.dataset.seq) > seq), newest, { timeout: waitMs })
      .then(() => true, () => false);
    check('a new event appears by itself', arrived, `after seq ${newest}`);
    const first = zh.page.getByTestId('event').first();
    const text = arrived ? await first.innerText() : '';
    check('an event is worded as suspected', text.includes('疑似'), text.replaceAll('\n', ' | '));
    await shoot(zh.page, 'desktop-zh');
    await first.locator('button').click();
    await zh.page.getByTestId('revisions').locator('li').first().waitFor({ timeout: 10_000 });
    check('its detail lists the revisions', (await zh.page.getByTestId('revisions').locator('li').count()) >= 1);
    await shoot(zh.page, 'event-zh', false);
    await zh.page.keyboard.press('Escape');
    // The browser closes it in a task of its own.
    const closed = await zh.page.locator('dialog').waitFor({ state: 'detached', timeout: 5_000 }).then(() => true, () => false);
    check('Escape closes the detail', closed);
  } else {
    await shoot(zh.page, 'desktop-zh');
  }
  const body = await zh.page.locator('body').innerText();
  check('no person is accused', !/脱岗|擅自|睡岗|旷工|迟到|早退/.test(body));

  // Picture with overlay.
  const cameras = await zh.page.getByTestId('camera').evaluateAll((all) => all.map((c) => ({ id: c.dataset.camera, state: c.dataset.state })));
  const camera = process.env.CAMERA ?? cameras.find((c) => c.state === 'up')?.id;
  check('a camera is up', camera !== undefined, cameras.map((c) => `${c.id}:${c.state}`).join(' '));
  if (camera) {
    await zh.page.locator(`[data-testid=camera][data-camera="${camera}"] button`).click();
    await zh.page.locator('[data-testid=frame][data-drawn=true]').waitFor({ timeout: 15_000 });
    await zh.page.getByTestId('boxes').waitFor({ timeout: 15_000 });
    const picture = await zh.page.getByTestId('frame').evaluate((canvas) => {
      const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
      const colours = new Set();
      for (let i = 0; i < data.length; i += 4 * 97) colours.add((data[i] >> 3) * 1024 + (data[i + 1] >> 3) * 32 + (data[i + 2] >> 3));
      return { width: canvas.width, height: canvas.height, colours: colours.size };
    });
    check('the picture is drawn', picture.width >= 64 && picture.colours > 20, JSON.stringify(picture));
    const requests = [];
    zh.page.on('request', (r) => r.url().includes('frame.jpg') && requests.push(r.url()));
    await zh.page.waitForRequest((r) => r.url().includes('frame.jpg'), { timeout: 10_000 });
    check('the picture is refreshed', requests.length >= 1);
    await shoot(zh.page, 'camera-zh', false);
    await zh.page.keyboard.press('Escape');
    const seen = requests.length;
    await zh.page.waitForTimeout(2_500);
    check('a closed picture is asked for no more', requests.length <= seen + 1, `${requests.length - seen} after closing`);
  }

  // Language, remembered.
  await zh.page.getByTestId('language').click();
  await zh.page.locator('[data-testid=link]', { hasText: 'Live' }).waitFor();
  check('the language switches', (await windows(zh.page)).every((w) => w.text.includes(STATE_TEXT.en[w.state])));
  check('the document says its language', (await zh.page.locator('html').getAttribute('lang')) === 'en');
  await zh.page.reload();
  await zh.page.locator('[data-testid=link]', { hasText: 'Live' }).waitFor({ timeout: 15_000 });
  check('the language is remembered', true);

  // Inbox: what is open, the most urgent first.
  const waiting = await zh.page.getByTestId('inbox-event').evaluateAll((all) => all.map((e) => ({ level: e.dataset.level, state: e.dataset.state })));
  const urgency = waiting.map((e) => ['severe', 'warn', 'notice', 'fault', 'info'].indexOf(e.level));
  check('the inbox holds open events, the most urgent first', waiting.every((e) => e.state === 'open') && urgency.every((u, i) => i === 0 || u >= urgency[i - 1]), waiting.map((e) => e.level).join(' '));
  const devices = await zh.page.getByTestId('device').evaluateAll((all) => all.map((d) => d.dataset.device));
  check('the device strip is there', ['cameras', 'store', 'uplink', 'clock'].every((d) => devices.includes(d)), devices.join(' '));

  // Wall screen by key, and back.
  await zh.page.keyboard.press('w');
  await zh.page.getByTestId('wall').waitFor({ timeout: 5_000 });
  check('W opens the wall screen, which has an address', zh.page.url().endsWith('#/wall'));
  await zh.page.keyboard.press('Escape');
  await zh.page.getByTestId('window').first().waitFor({ timeout: 5_000 });
  check('Escape leaves it', true);

  // Keyboard: the first stop is the skip link, the next ones have a visible focus.
  await zh.page.locator('body').press('Tab');
  check('the skip link comes first', (await zh.page.evaluate(() => document.activeElement?.className)) === 'skip');
  await zh.page.keyboard.press('Tab');
  check('focus is visible', (await zh.page.evaluate(() => getComputedStyle(document.activeElement).outlineStyle)) !== 'none');

  await shoot(zh.page, 'desktop-en');
  check('no console errors on the desktop', zh.errors.length === 0, zh.errors.join('; '));
  await zh.context.close();

  for (const [locale, lang] of [['zh-CN', 'zh'], ['en-GB', 'en']]) {
    for (const [name, width, height, scheme] of [['phone', 360, 740, 'light'], ['phone-dark', 360, 740, 'dark'], ['tablet', 820, 1180, 'light'], ['wall', 1920, 1080, 'dark'], ['wall-light', 1920, 1080, 'light']]) {
      const view = await open({ locale, width, height, scheme });
      await view.page.locator('[data-testid=link]', { hasText: lang === 'zh' ? '实时' : 'Live' }).waitFor({ timeout: 15_000 });
      const over = await sideways(view.page);
      check(`${name} ${lang}: nothing sticks out sideways`, over.px <= 0, `${over.px} px${over.px > 0 ? ` ${over.wide.join(' ')}` : ''}`);
      check(`${name} ${lang}: the browser's language is taken`, (await windows(view.page)).every((w) => w.text.includes(STATE_TEXT[lang][w.state])));
      await shoot(view.page, `${name}-${lang}`, width < 1000);
      check(`${name} ${lang}: no console errors`, view.errors.length === 0, view.errors.join('; '));
      await view.context.close();
    }
  }

  // Wall screen: nothing scrolls, nothing is cut off, the letters are large enough.
  for (const [locale, lang] of [['zh-CN', 'zh'], ['en-GB', 'en']]) {
    for (const [width, height] of [[1920, 1080], [1366, 768], [3840, 2160], [1080, 1920]]) {
      const halls = startMock ? [4, 10, 40] : [null];
      for (const windowCount of halls) {
        const own = startMock ? await startMock(0, { windows: windowCount }) : null;
        const context = await browser.newContext({ locale, viewport: { width, height } });
        const page = await context.newPage();
        await page.goto(`${own?.url ?? url}/#/wall`);
        await page.getByTestId('wall-window').first().waitFor({ timeout: 15_000 });
        await page.getByTestId('device').nth(2).waitFor({ timeout: 15_000 });
        const of = `wall ${width}x${height} ${lang}${windowCount === null ? '' : `, ${windowCount} windows`}`;
        const count = Number(await page.getByTestId('wall').getAttribute('data-pages'));
        const seen = new Set();
        const cut = new Set();
        for (let turn = 0; turn < count; turn += 1) {
          for (const id of await page.getByTestId('wall-window').evaluateAll((all) => all.map((w) => w.dataset.window))) seen.add(id);
          for (const text of await clipped(page, 'html, .wall, .wall .tile, .wall__queue, .wall .device, .wall .board__count')) cut.add(text);
          await page.keyboard.press('ArrowRight');
        }
        const all = (await (await fetch(new URL('/api/snapshot', own?.url ?? url))).json()).windows.length;
        check(`${of}: every window has its turn`, seen.size === all, `${seen.size} of ${all} on ${count} pages`);
        check(`${of}: nothing scrolls or is cut off`, cut.size === 0, [...cut].join('; '));
        const small = await page.locator('.wall__state').evaluateAll((states) => Math.min(...states.map((s) => parseFloat(getComputedStyle(s).fontSize))) / Math.min(innerWidth, innerHeight));
        check(`${of}: states are read from five metres`, small >= (windowCount === 40 ? 0.034 : 0.042) - 1e-4, `${(small * 100).toFixed(1)} % of the height`);
        if (height === 1080) await shoot(page, `wall-view-${lang}-${windowCount ?? 'hall'}`, false);
        await context.close();
        own?.stop();
      }
    }
  }

  await figures({ browser, url, check, out, sideways, clipped, mock: startMock !== null });
  await quality({ browser, url, check, mock: startMock !== null });

  if (mock) {
    // Pages of the wall take turns by themselves.
    const wall = await browser.newContext({ viewport: { width: 1366, height: 768 } });
    const turning = await wall.newPage();
    await turning.goto(`${url}/#/wall?lang=en`);
    await turning.locator('[data-testid=wall][data-page="1"]').waitFor({ timeout: 15_000 });
    check('the address chooses the language', (await turning.locator('html').getAttribute('lang')) === 'en');
    await turning.locator('[data-testid=wall][data-page="2"]').waitFor({ timeout: 15_000 });
    check('pages of the wall take turns', true);
    await wall.close();

    // A network that swallows everything closes nothing: the page notices by the silence.
    const other = await startMock();
    const silent = await browser.newContext({ locale: 'zh-CN' });
    const quiet = await silent.newPage();
    await quiet.goto(other.url);
    await quiet.locator('[data-testid=link]', { hasText: '实时' }).waitFor({ timeout: 15_000 });
    await quiet.waitForTimeout(1_500);
    other.swallow();
    const began = Date.now();
    await quiet.getByTestId('lost').waitFor({ timeout: 20_000 });
    check('silence is noticed within seconds', Date.now() - began < 10_000, `${Date.now() - began} ms`);
    const said = await quiet.getByTestId('lost').innerText();
    check('and the page says since when, and how long ago that is', /\d\d:\d\d:\d\d/.test(said) && /秒前/.test(said), said);
    await silent.close();
    other.stop();

    // Only against the mock: the agent must not be stopped under other tests.
    const lost = await open({ locale: 'zh-CN', width: 1440, height: 900 });
    await lost.page.locator('[data-testid=link]', { hasText: '实时' }).waitFor();
    mock.stall();
    await lost.page.getByTestId('stalled').waitFor({ timeout: 15_000 });
    const stood = await timers(lost.page);
    await lost.page.waitForTimeout(3_500);
    check('where judging has stopped the page says so and timers stand', (await timers(lost.page)) === stood);
    mock.stop();
    await lost.page.getByTestId('lost').waitFor({ timeout: 15_000 });
    const frozen = await timers(lost.page);
    await lost.page.waitForTimeout(2_200);
    check('stale data stands still and says so', (await timers(lost.page)) === frozen);
    await shoot(lost.page, 'lost-zh', false);
    await lost.context.close();
  }
} catch (error) {
  check('the run came to its end', false, String(error));
} finally {
  await browser.close();
  mock?.stop();
}
console.log(failures.length === 0 ? 'all checks held' : `${failures.length} failed: ${failures.join('; ')}`);
process.exit(failures.length === 0 ? 0 : 1);
