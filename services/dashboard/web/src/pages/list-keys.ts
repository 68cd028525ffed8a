import type { KeyboardEvent } from 'react'

/** Where each patient of the list is led to. */
const LINKS = 'a[data-row]'

/**
 * `j` and `k` lead from patient to patient, as in lists of mail; `Enter` opens the one that is reached, as any link. They
 * work only from within the list (WCAG 2.2, 2.1.4), so that no other key of a reader or a browser is taken.
 */
export function moveByKey(event: KeyboardEvent<HTMLElement>): void {
  const step = { j: 1, k: -1 }[event.key]
  if (step === undefined || event.currentTarget.querySelector('dialog[open]') || event.ctrlKey || event.metaKey || event.altKey) return
  const links = [...event.currentTarget.querySelectorAll<HTMLElement>(LINKS)]
  const here = links.findIndex((link) => link === document.activeElement)
  const next = links[here + step]
  if (here < 0 || !next) return
  event.preventDefault()
  next.focus()
}
