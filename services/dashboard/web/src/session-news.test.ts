import { expect, test } from 'vitest'
import { reactionTo, sessionChannel, type SessionNews } from './session-news'

test('another session in the browser is asked about, by tabs that never had a session too', () => {
  const began: SessionNews = { kind: 'began', session: 'b' }
  expect(reactionTo(began, 'a')).toBe('ask who is signed in')
  expect(reactionTo(began, null)).toBe('ask who is signed in')
  expect(reactionTo(began, 'b')).toBe('nothing')
})

test('a tab leaves with its own session only', () => {
  const ended: SessionNews = { kind: 'signed-out', session: 'a' }
  expect(reactionTo(ended, 'a')).toBe('leave')
  expect(reactionTo(ended, 'b')).toBe('nothing')
  expect(reactionTo(ended, null)).toBe('nothing')
})

test('tabs hear each other', async () => {
  const news = new Promise<SessionNews>((resolve) => {
    const other = sessionChannel((heard) => {
      other.close()
      resolve(heard)
    })
  })
  const one = sessionChannel(() => {})
  one.tell({ kind: 'began', session: 'a' })
  expect(await news).toEqual({ kind: 'began', session: 'a' })
  one.close()
})
