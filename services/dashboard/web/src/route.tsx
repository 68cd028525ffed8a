import type { ReactNode } from 'react'
import { Link, Router, type BaseLocationHook } from 'wouter'
import { navigate as go, useHistoryState, usePathname, useSearch } from 'wouter/use-browser-location'

export { Link }

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

/** Where the page is, as the address bar has it: what is encoded in a patient's name stays so until `routeOf`. */
export const usePath = usePathname

/** What the address asks for, after its path. */
export { useSearch }

/** What the entry of the browser's history holds besides the address. */
export { useHistoryState }

export function navigate(to: string, how: 'push' | 'replace' = 'push'): void {
  go(to, { replace: how === 'replace' })
  if (how === 'push') window.scrollTo(0, 0)
}

/** Links lead without asking where the page is: a list has hundreds, and none is to be drawn anew for it. */
const leading: BaseLocationHook = () => ['/', (to: string) => navigate(to)]

export function Links({ children }: { children: ReactNode }) {
  return <Router hook={leading}>{children}</Router>
}
