import { defaultRangeExtractor, useWindowVirtualizer, type Range } from '@tanstack/react-virtual'
import { useCallback, useLayoutEffect, useRef, useState } from 'react'

/** Rows beyond the window's edges, so that a key that is held down finds the next one. */
const OVERSCAN = 10
/** A row of two lines, until one is drawn. */
const ROW_PX = 58

export interface ShownRow {
  readonly index: number
  /** Between this row and the one before, in pixels. */
  readonly gap: number
}

/** Of rows that are `from` to `to` pixels from the top, those gaps that are kept in the place of rows that are not drawn. */
export function gapsOf(rows: readonly { readonly index: number; readonly start: number; readonly end: number }[], top: number, bottom: number) {
  const shown = rows.map(({ index, start }, place): ShownRow => ({ index, gap: Math.max(0, start - (rows[place - 1]?.end ?? top)) }))
  return { shown, below: Math.max(0, bottom - (rows.at(-1)?.end ?? top)) }
}

/** Who has reached a row does not lose it by scrolling, and finds the next and the one before where they are. */
export function withRow(indexes: readonly number[], focused: number, count: number): number[] {
  const kept = [focused - 1, focused, focused + 1].filter((index) => index >= 0 && index < count)
  return [...new Set([...indexes, ...kept])].sort((a, b) => a - b)
}

/** The rows of a long table that are in the window, or hold the focus; the others keep their place. */
export function useWindowed(count: number, keyOf: (index: number) => string) {
  const body = useRef<HTMLTableSectionElement>(null)
  const [top, setTop] = useState(0)
  const [usual, setUsual] = useState(ROW_PX)
  const withFocus = useCallback((range: Range) => {
    const indexes = defaultRangeExtractor(range)
    const row = document.activeElement?.closest<HTMLElement>('tr[data-index]')
    return row && body.current?.contains(row) ? withRow(indexes, Number(row.dataset['index']), range.count) : indexes
  }, [])
  const rows = useWindowVirtualizer({ count, estimateSize: () => usual, overscan: OVERSCAN, scrollMargin: top, getItemKey: keyOf, rangeExtractor: withFocus })
  // What stands above the table comes, goes and changes its height, and with it that of the page.
  useLayoutEffect(() => {
    const look = () => setTop(Math.round((body.current?.getBoundingClientRect().top ?? 0) + window.scrollY))
    look()
    const observer = new ResizeObserver(look)
    observer.observe(document.body)
    return () => observer.disconnect()
  }, [])
  // Most rows are as high as the lowest. What is as high as it was taken to be moves none of the thousands below.
  useLayoutEffect(() => {
    const heights = [...(body.current?.querySelectorAll<HTMLElement>('tr[data-index]') ?? [])].map((row) => row.offsetHeight)
    if (heights.length > 0) setUsual(Math.min(...heights))
  }, [rows.scrollRect?.width])
  useLayoutEffect(() => rows.measure(), [rows, usual])
  return { body, ...gapsOf(rows.getVirtualItems(), top, top + rows.getTotalSize()), measure: rows.measureElement }
}
