import type { Kind, Limit } from '../api/model'

/** The limits of one field of a kind. */
export function limitsOf(limits: readonly Limit[], kind: Kind, field: string): readonly Limit[] {
  return limits.filter((limit) => limit.kind === kind && limit.field === field)
}

/** Whether a value is on the side of a limit that is worth a look. */
export function reaches(value: number, limit: Limit): boolean {
  switch (limit.side) {
    case 'at_or_above':
      return value >= limit.value
    case 'above':
      return value > limit.value
    case 'below':
      return value < limit.value
  }
}

/** How a value stands to the limits: a rule's is reached, a reference limit is, or none. */
export type Level = 'below' | 'high' | 'severe'

/** The worst level of values, each against the limits of its field. */
export function levelOf(values: readonly (readonly [number, readonly Limit[]])[]): Level {
  const reached = values.flatMap(([value, limits]) => limits.filter((limit) => reaches(value, limit)))
  if (reached.some((limit) => limit.severity !== null)) return 'severe'
  return reached.length > 0 ? 'high' : 'below'
}

/** How a limit's line looks. */
export function thresholdName(limit: Limit): string {
  return `threshold threshold-${limit.severity === null ? 'high' : 'severe'}`
}

/** The limits of several fields as one text, such as '180/110': of the rules, or of reference. */
export function limitText(fields: readonly (readonly Limit[])[], ofRules: boolean): string | null {
  const values = fields.map((limits) => limits.find((limit) => (limit.severity !== null) === ofRules)?.value)
  return values.every((value) => value !== undefined) ? values.join('/') : null
}
