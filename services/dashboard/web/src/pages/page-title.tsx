import { useEffect, useRef, type ReactNode } from 'react'
import { useLanguage } from '../language/language'

interface PageTitleProps {
  readonly title: string
  readonly count?: number
  /** What stands in the heading in the title's place: a name, which the browser is not to keep in its history. */
  readonly children?: ReactNode
}

/** The page's heading and the window's title; `count` (urgent patients) is seen even when the tab is in the background. */
export function PageTitle({ title, count = 0, children }: PageTitleProps) {
  const { words } = useLanguage()
  const heading = useRef<HTMLHeadingElement>(null)
  useEffect(() => {
    document.title = `${count > 0 ? `(${count}) ` : ''}${title} – ${words.appName}`
  }, [title, count, words])
  useEffect(() => {
    // A new page is announced to screen readers by its heading; scrolling is the browser's.
    heading.current?.focus({ preventScroll: true })
  }, [])
  return (
    <h1 ref={heading} tabIndex={-1}>
      {children ?? title}
    </h1>
  )
}
