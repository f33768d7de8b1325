import { defineConfig } from 'vite';

// `npm run dev` shows the page from source against a running agent, or `npm run mock`.
const agent = process.env.AGENT_URL ?? 'http://127.0.0.1:8080';

export default defineConfig({
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
