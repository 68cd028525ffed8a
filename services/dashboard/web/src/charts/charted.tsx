import { lazy, type ComponentType, type ReactNode } from 'react'
import type { Kind, Limit, Reading, ReadingOf } from '../api/model'
import { LoadedApart } from './loaded-apart'
import { parted, type Apart } from './parted'

export interface ChartProps<K extends Kind> {
  /** In order of time. */
  readonly readings: readonly ReadingOf<K>[]
  readonly apart: Apart<ReadingOf<K>>
  readonly from: number
  readonly to: number
  /** Whether this patient ever sent these kinds. */
  readonly everAny: boolean
  /** The limits of the patient's rules, and of reference. */
  readonly limits: readonly Limit[]
  /** Ids of readings behind an open alert. */
  readonly evidence: ReadonlySet<string>
}

type Shared = Omit<ChartProps<Kind>, 'readings' | 'apart'>

/** A chart, and which kinds of readings it draws; the first is the one that lists show. */
export interface Charted {
  readonly kinds: readonly [Kind, ...Kind[]]
  /** Whether any of the readings is drawn. */
  has(all: readonly Reading[]): boolean
  /** Fetches what draws it, which is no part of what a page begins with. */
  fetch(): Promise<unknown>
  /** Draws those of the readings that are of its kinds; all are in order of time. */
  draw(all: readonly Reading[], shared: Shared): ReactNode
}

export function charted<K extends Kind>(kinds: readonly [K, ...K[]], fetch: () => Promise<{ default: ComponentType<ChartProps<K>> }>): Charted {
  const Chart = lazy(fetch)
  const isDrawn = (reading: Reading): reading is ReadingOf<K> => kinds.some((kind) => kind === reading.kind)
  return {
    kinds,
    fetch,
    has: (all) => all.some(isDrawn),
    draw: (all, shared) => {
      const drawn = parted(all.filter(isDrawn))
      return (
        <LoadedApart key={kinds[0]} waiting={drawn.readings.length > 0 ? 'panel panel-plot-waiting' : 'panel panel-none-waiting'}>
          <Chart {...shared} {...drawn} />
        </LoadedApart>
      )
    },
  }
}
