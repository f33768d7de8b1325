// Drives a fresh box with accounts in a real browser: set-up with the console's code, accounts, passwords, the access log, in both
// languages, at a phone's width, by keyboard. Exit code 0: every check held.
//
//   node test/accounts.e2e.mjs BASE_URL SETUP_CODE OUT_DIR

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { chromium } from 'playwright-core';

const [url, code, out] = process.argv.slice(2);
if (!url || !code || !out) {
  console.error('usage: node test/accounts.e2e.mjs BASE_URL SETUP_CODE OUT_DIR');
  process.exit(2);
}
mkdirSync(out, { recursive: true });
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
});
const failures = [];
const check = (name, held, detail = '') => {
  console.log(`${held ? 'ok  ' : 'FAIL'} ${name}${detail === '' ? '' : ` (${detail})`}`);
  if (!held) failures.push(name);
};
const OWN = 'umbrella tea stapler';

async function open(locale, width, height) {
  // The box's own certificate is signed by nobody a browser knows.
  const context = await browser.newContext({ locale, viewport: { width, height }, ignoreHTTPSErrors: true });
  const page = await context.newPage();
  await page.goto(url);
  return { context, page };
}
const entrance = (page, mode) => page.locator(`[data-testid=entrance][data-mode=${mode}]`).waitFor({ timeout: 15_000 });
const sideways = (page) => page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);

async function signIn(page, name, password) {
  await entrance(page, 'signed_out');
  const form = page.getByTestId('sign-in');
  await form.locator('[name=name]').fill(name);
  await form.locator('[name=password]').fill(password);
  await form.locator('[name=password]').press('Enter');
}

try {
  const { context, page } = await open('zh-CN', 390, 844);
  await entrance(page, 'set_up_first');
  check('a fresh box shows nothing but its set-up', (await page.getByTestId('window').count()) === 0);
  const setUp = page.getByTestId('set-up');
  const fill = async (name, value) => setUp.locator(`[name=${name}]`).fill(value);
  await fill('code', '0000-0000-0000-0000');
  await fill('name', 'manager-1');
  await fill('password', OWN);
  await setUp.locator('[type=submit]').click();
  const refused = await page.getByTestId('refused').innerText();
  check('a wrong code is refused in words', refused.includes('设置码'), refused);
  check('no part of the set-up is wider than a phone', (await sideways(page)) <= 0);
  await page.screenshot({ path: join(out, 'set-up-zh.png') });
  await fill('code', code.toLowerCase().replaceAll('-', ' '));
  await fill('password', 'short');
  await setUp.locator('[type=submit]').click();
  await page.getByTestId('refused').filter({ hasText: '12' }).waitFor({ timeout: 10_000 });
  await fill('password', OWN);
  await setUp.locator('[type=submit]').click();
  await page.getByTestId('own-account').waitFor({ timeout: 15_000 });
  await page.getByTestId('window').first().waitFor({ timeout: 15_000 });
  check('the first account is signed in and sees the hall', true);
  const cookies = await context.cookies();
  const cookie = cookies.find((c) => c.name === '__Host-edge-session');
  check('the session is out of reach of scripts and of clear text', cookie?.httpOnly === true && cookie.secure && cookie.sameSite === 'Strict', JSON.stringify({ ...cookie, value: '' }));
  check('no script sees it', (await page.evaluate(() => document.cookie)) === '');

  // Accounts.
  await page.goto(`${url}/#/accounts`);
  const make = page.getByTestId('make-account');
  await make.locator('[name=name]').fill('auditor-1');
  await make.locator('[name=role]').selectOption('auditor');
  await make.locator('[type=submit]').click();
  const told = await page.getByTestId('first-password').innerText();
  const first = told.match(/[0-9A-Z]{4}(?:-[0-9A-Z]{4}){3}/)?.[0] ?? '';
  check('a new account gets a first password', first !== '');
  check('accounts fit a phone', (await sideways(page)) <= 0);
  await page.screenshot({ path: join(out, 'accounts-zh.png') });
  await page.getByTestId('language').click();
  await page.locator('h2', { hasText: 'Accounts' }).waitFor();
  await page.screenshot({ path: join(out, 'accounts-en.png') });
  await page.goto(`${url}/#/account`);
  await page.getByTestId('sign-out-everywhere').click();
  await entrance(page, 'signed_out');
  check('signing out everywhere leads back to the sign-in', true);
  await context.close();

  // The auditor, by keyboard, in English.
  const auditor = await open('en-US', 1280, 800);
  await signIn(auditor.page, 'auditor-1', first);
  await entrance(auditor.page, 'password_due');
  const password = auditor.page.getByTestId('password');
  await password.locator('[name=old]').focus();
  await auditor.page.keyboard.type(first);
  await auditor.page.keyboard.press('Tab');
  await auditor.page.keyboard.type('stapler tea umbrella');
  await auditor.page.keyboard.press('Enter');
  await auditor.page.getByTestId('audit-entry').first().waitFor({ timeout: 15_000 });
  const deeds = await auditor.page.getByTestId('audit-entry').evaluateAll((all) => all.map((e) => e.dataset.deed));
  check('the access log tells the story', ['set_up', 'account_made', 'log_out_everywhere', 'log_in', 'password_changed'].every((deed) => deeds.includes(deed)), deeds.join(' '));
  check('the auditor has no board', (await auditor.page.getByTestId('nav-board').count()) === 0);
  await auditor.page.screenshot({ path: join(out, 'audit-en.png') });
  const file = await auditor.page.evaluate(async () => (await fetch('/api/audit.jsonl')).text());
  check('the log can be taken away', file.split('\n').length > deeds.length);
  await auditor.page.goto(`${url}/#/account`);
  await auditor.page.getByTestId('sign-out').click();

  // Wrong passwords: refused in words, then locked in words.
  for (let n = 0; n < 5; n += 1) {
    await signIn(auditor.page, 'auditor-1', `wrong ${n}`);
    await auditor.page.getByTestId('refused').waitFor();
    await auditor.page.waitForFunction(() => !document.querySelector('[data-testid=sign-in] [type=submit]')?.disabled);
  }
  const locked = await auditor.page.getByTestId('refused').filter({ hasText: 'Too many' }).waitFor({ timeout: 10_000 }).then(() => true, () => false);
  check('five wrong passwords lock the account, in words', locked);
} catch (error) {
  failures.push(String(error));
  console.log(`FAIL ${error.stack ?? error}`);
} finally {
  await browser.close();
}
console.log(failures.length === 0 ? 'all checks held' : `${failures.length} failed`);
process.exit(failures.length === 0 ? 0 : 1);
