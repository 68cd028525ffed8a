// The built pages with invented patients, and a browser to look at them: no stack is needed.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { chromium } from 'playwright-core'

const MOCK = fileURLToPath(new URL('../../services/dashboard/web/dev/mock-api.mjs', import.meta.url))

/** A name of this machine that a browser does not take for it: plain HTTP to it is plain HTTP over the network. */
export const NAMED = 'dashboard.example'

/** Starts the mock; `base` is its address. */
export async function startMock(patients = 24) {
  const child = spawn(process.execPath, [MOCK], { env: { ...process.env, PORT: '0', PATIENTS: String(patients) }, stdio: ['ignore', 'pipe', 'inherit'] })
  const [line] = await once(createInterface({ input: child.stdout }), 'line')
  const base = /http:\S+/.exec(line)?.[0]
  return {
    base,
    async stop() {
      child.kill()
      await once(child, 'exit')
    },
  }
}

export function startBrowser() {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: ['--headless', '--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync', `--host-resolver-rules=MAP ${NAMED} 127.0.0.1`],
  })
}
