import type { Kind, Limit } from '../api/model'

/** The limits of one field of a kind. */
export function limitsOf(limits: readonly Limit[], kind: Kind, field: string): readonly Limit[] {
  return limits.filter((limit) => limit.kind === kind && limit.field === field)
}

/** A value, or the limit of a device that it is below or above. */
export interface Known {
  readonly v: number
  readonly side: 'below' | 'above' | undefined
}

/** Whether a value is on the side of a limit that is worth a look: the one place that says so. */
export function reaches({ v, side }: Known, limit: Pick<Limit, 'side' | 'value'>): boolean {
  switch (limit.side) {
    case 'at_or_above':
      return v >= limit.value
    case 'above':
      return v > limit.value || (side === 'above' && v >= limit.value)
    case 'below':
      return v < limit.value || (side === 'below' && v <= limit.value)
    case 'at_or_below':
      return v <= limit.value
  }
}

function isLower({ side }: Pick<Limit, 'side'>): boolean {
  return side === 'below' || side === 'at_or_below'
}

/** On which side of the range of reference a value is; undefined within, and where there is no range. */
export function outOf(range: readonly Limit[], value: Known): 'below' | 'above' | undefined {
  const reached = range.find((limit) => reaches(value, limit))
  if (!reached) return undefined
  return isLower(reached) ? 'below' : 'above'
}

/** How a value stands to the limits: one is reached that calls somebody, another is, or none. */
export type Level = 'below' | 'high' | 'severe'

function isUrgent({ severity }: Limit): boolean {
  return severity === 'urgent'
}

/** The worst level of values, each against the limits of its field. */
export function levelOf(values: readonly (readonly [number, readonly Limit[]])[]): Level {
  const reached = values.flatMap(([value, limits]) => limits.filter((limit) => reaches({ v: value, side: undefined }, limit)))
  if (reached.some(isUrgent)) return 'severe'
  return reached.length > 0 ? 'high' : 'below'
}

/** How a limit's line looks. */
export function thresholdName(limit: Limit): string {
  return `threshold threshold-${isUrgent(limit) ? 'severe' : 'high'}`
}

/** The upper limits of several fields as one text, such as '180/110': those that call somebody, or the
 * target, which is that of reference where the patient has none. */
export function limitText(fields: readonly (readonly Limit[])[], which: 'urgent' | 'target'): string | null {
  const severity = which === 'urgent' ? 'urgent' : null
  const values = fields.map((limits) => limits.find((limit) => limit.severity === severity && !isLower(limit))?.value)
  return values.every((value) => value !== undefined) ? values.join('/') : null
}
