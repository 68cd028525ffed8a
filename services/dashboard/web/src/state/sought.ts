import { ownSession } from '../api/client'

/**
 * Who was looked for, by the entry of the browser's history. The text may be a name: the history is kept on disk and
 * outlives a session, so it holds a random key alone.
 */
const texts = new Map<string, { readonly text: string; readonly session: string | null }>()

function keyOf(state: unknown): string | null {
  if (typeof state !== 'object' || state === null || !('sought' in state)) return null
  return typeof state.sought === 'string' ? state.sought : null
}

/** Who is looked for in an entry: of another session, which may be another person's, nobody is. */
export function soughtOf(state: unknown): string {
  const kept = texts.get(keyOf(state) ?? '')
  return kept !== undefined && kept.session === ownSession() ? kept.text : ''
}

/** What an entry holds of a text, in place of what it held. */
export function keptAs(text: string, state: unknown): { readonly sought: string } | null {
  const key = keyOf(state) ?? crypto.randomUUID()
  if (text === '') {
    texts.delete(key)
    return null
  }
  texts.set(key, { text, session: ownSession() })
  return { sought: key }
}

/** The session is over: nothing of it is kept. */
export function forgetSought(): void {
  texts.clear()
}
