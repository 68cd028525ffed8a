import { useSyncExternalStore, type AnchorHTMLAttributes, type MouseEvent } from 'react'

export type Route =
  | { readonly page: 'live-list' }
  | { readonly page: 'trends' }
  | { readonly page: 'sign-in' }
  | { readonly page: 'patient'; readonly patient: string }
  | { readonly page: 'plan'; readonly patient: string }
  | { readonly page: 'unknown' }

export function routeOf(path: string): Route {
  if (path === '/') return { page: 'live-list' }
  if (path === '/trends') return { page: 'trends' }
  if (path === '/sign-in') return { page: 'sign-in' }
  const match = /^\/patients\/([^/]+)\/([^/]+?)(\/plan)?\/?$/.exec(path)
  if (!match) return { page: 'unknown' }
  try {
    const patient = match.slice(1, 3).map(decodeURIComponent).join('/')
    return { page: match[3] === undefined ? 'patient' : 'plan', patient }
  } catch {
    return { page: 'unknown' }
  }
}

export function pathOf(patient: string): string {
  return '/patients/' + patient.split('/').map(encodeURIComponent).join('/')
}

/** Where a patient's care plan is. */
export function planPathOf(patient: string): string {
  return pathOf(patient) + '/plan'
}

/** Where to go after signing in: only ever a path of these pages, whatever the address bar was given. */
export function returnPath(search: string): string {
  const from = new URLSearchParams(search).get('from') ?? '/'
  const page = routeOf(from.split('?', 1)[0] ?? '').page
  return page === 'unknown' || page === 'sign-in' ? '/' : from
}

export function signInPath(location: { pathname: string; search: string }): string {
  const here = location.pathname + location.search
  return here === '/' ? '/sign-in' : `/sign-in?from=${encodeURIComponent(here)}`
}

const CHANGED = 'mimamori:route'

function subscribe(changed: () => void): () => void {
  window.addEventListener('popstate', changed)
  window.addEventListener(CHANGED, changed)
  return () => {
    window.removeEventListener('popstate', changed)
    window.removeEventListener(CHANGED, changed)
  }
}

export function usePath(): string {
  return useSyncExternalStore(subscribe, () => location.pathname)
}

/** What the address asks for, after its path. */
export function useSearch(): string {
  return useSyncExternalStore(subscribe, () => location.search)
}

export function navigate(to: string, how: 'push' | 'replace' = 'push'): void {
  if (how === 'push') history.pushState(null, '', to)
  else history.replaceState(null, '', to)
  window.dispatchEvent(new Event(CHANGED))
  if (how === 'push') window.scrollTo(0, 0)
}

export function Link({ href, onClick, ...rest }: AnchorHTMLAttributes<HTMLAnchorElement> & { href: string }) {
  const follow = (event: MouseEvent<HTMLAnchorElement>) => {
    onClick?.(event)
    const elsewhere = event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey
    if (event.defaultPrevented || elsewhere) return
    event.preventDefault()
    navigate(href)
  }
  return <a href={href} onClick={follow} {...rest} />
}
