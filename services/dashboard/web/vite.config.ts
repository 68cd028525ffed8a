import { defineConfig } from 'vitest/config'

/** Where `npm run dev` sends API calls: the mock of dev/mock-api.mjs unless MIMAMORI_DASHBOARD_URL says otherwise. */
const api = process.env['MIMAMORI_DASHBOARD_URL'] ?? 'http://127.0.0.1:8790'

export default defineConfig({
  build: {
    target: 'es2022',
    // Nothing inlined as data: URLs, no inline scripts: the server's policy is default-src 'self'.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: {
      onLog(level, log, pass) {
        // 'use client' of a library says something to servers that render pages; there is none.
        if (log.code !== 'MODULE_LEVEL_DIRECTIVE') pass(level, log)
      },
    },
  },
  server: { host: '127.0.0.1', proxy: { '/api': api } },
  // A test reads the styles as they are written.
  test: { environment: 'node', css: true, include: ['src/**/*.test.ts', 'src/**/*.test.tsx'] },
})
