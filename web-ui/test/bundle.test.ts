import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { build } from 'vite';

const root = fileURLToPath(new URL('..', import.meta.url));
const out = mkdtempSync(join(tmpdir(), 'page-'));
const files = () => readdirSync(out, { recursive: true, encoding: 'utf8' }).filter((f) => /\.(js|css|html|svg)$/.test(f));
const packed = (file: string) => gzipSync(readFileSync(join(out, file)), { level: 9 }).length;

beforeAll(() => build({ root, logLevel: 'error', build: { outDir: out, emptyOutDir: true } }), 120_000);
afterAll(() => rmSync(out, { recursive: true, force: true }));

it('the whole page, day and month included, is under 120 kB', () => {
  const bytes = files().reduce((sum, file) => sum + packed(file), 0);
  console.log(`the whole page: ${(bytes / 1000).toFixed(1)} kB packed`);
  expect(bytes).toBeLessThan(120_000);
});

it('the board does not wait for what only day and month need', () => {
  const index = readFileSync(join(out, 'index.html'), 'utf8');
  const first = [...index.matchAll(/(?:src|href)="\/([^"]+)"/g)].map((m) => m[1] ?? '');
  const bytes = ['index.html', ...first].reduce((sum, file) => sum + packed(file), 0);
  console.log(`until the board shows: ${(bytes / 1000).toFixed(1)} kB packed`);
  expect(bytes).toBeLessThan(60_000);
  expect(first.some((file) => readFileSync(join(out, file), 'utf8').includes('uPlot'))).toBe(false);
});

it('everything built is also there packed, the same', async () => {
  const { gunzipSync } = await import('node:zlib');
  for (const file of files()) expect(gunzipSync(readFileSync(join(out, `${file}.gz`))).equals(readFileSync(join(out, file))), file).toBe(true);
});

it('nothing is inline and nothing comes from outside', () => {
  const index = readFileSync(join(out, 'index.html'), 'utf8');
  expect(index).not.toMatch(/<style|style="|<script(?![^>]*src=)|https?:/);
});
