/** What one tab tells the others of its browser: they have one cookie, and so one session. */
export type SessionNews =
  | { readonly kind: 'began'; readonly session: string }
  /** By a person: nothing is to be continued. */
  | { readonly kind: 'signed-out'; readonly session: string }

/** What a tab has to do with news; `own` is the session that it belongs to, or belonged to last. */
export function reactionTo(news: SessionNews, own: string | null): 'ask who is signed in' | 'leave' | 'nothing' {
  if (news.kind === 'signed-out') return news.session === own ? 'leave' : 'nothing'
  return news.session === own ? 'nothing' : 'ask who is signed in'
}

export interface SessionChannel {
  tell(news: SessionNews): void
  close(): void
}

export function sessionChannel(heard: (news: SessionNews) => void): SessionChannel {
  if (typeof BroadcastChannel === 'undefined') return { tell() {}, close() {} }
  const channel = new BroadcastChannel('mimamori-session')
  channel.addEventListener('message', (event: MessageEvent<SessionNews>) => heard(event.data))
  return { tell: (news) => channel.postMessage(news), close: () => channel.close() }
}
