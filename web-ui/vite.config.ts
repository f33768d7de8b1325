import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { constants, gzipSync } from 'node:zlib';
import { defineConfig, type Plugin } from 'vite';

// `npm run dev` shows the page from source against a running agent, or `npm run mock`.
const agent = process.env.AGENT_URL ?? 'http://127.0.0.1:8080';

/** Packs what is built once more, so that the agent sends a third of the bytes and never packs anything itself. */
const packed: Plugin = {
  name: 'packed',
  apply: 'build',
  writeBundle({ dir = 'dist' }) {
    for (const file of readdirSync(dir, { recursive: true, encoding: 'utf8' })) {
      if (!/\.(js|css|html|svg)$/.test(file)) continue;
      writeFileSync(join(dir, `${file}.gz`), gzipSync(readFileSync(join(dir, file)), { level: constants.Z_BEST_COMPRESSION }));
    }
  },
};

export default defineConfig({
  plugins: [packed],
  esbuild: { jsx: 'automatic', jsxImportSource: 'preact' },
  // The agent's policy allows nothing inline, so no asset may become a data: URL.
  build: { target: 'es2022', assetsInlineLimit: 0, modulePreload: { polyfill: false }, reportCompressedSize: true },
  server: {
    host: '127.0.0.1',
    proxy: {
      '/api': { target: agent, changeOrigin: true },
      '/health': { target: agent, changeOrigin: true },
    },
  },
  test: { include: ['test/**/*.test.ts'], environment: 'node' },
} as Parameters<typeof defineConfig>[0]);
