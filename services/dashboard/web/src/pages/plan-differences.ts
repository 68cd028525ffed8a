import type { PlanContent, PlanPreview, PreviewedAlert } from '../api/model'

/** What a proposed plan changes of the alerts that there would have been. */
export interface Differences {
  readonly added: readonly PreviewedAlert[]
  readonly gone: readonly PreviewedAlert[]
  /** As urgent as something else, or people would have been called at another time. */
  readonly otherwise: readonly Pair[]
  readonly same: readonly PreviewedAlert[]
}

export interface Pair {
  readonly present: PreviewedAlert
  readonly proposed: PreviewedAlert
}

/**
 * An alert under both plans is the same one where it begins with the same reading, which is what its id says; or where
 * the same rule says it at the same time: another limit may only begin it earlier or end it later.
 */
export function differencesOf({ present, proposed, to }: PlanPreview): Differences {
  const left = new Set(present)
  const partners = new Map<PreviewedAlert, PreviewedAlert>()
  const isSame: readonly ((a: PreviewedAlert, b: PreviewedAlert) => boolean)[] = [
    (a, b) => a.alert.id === b.alert.id,
    (a, b) => a.alert.rule === b.alert.rule && begin(a) <= end(b, to) && begin(b) <= end(a, to),
  ]
  for (const same of isSame) {
    for (const one of proposed.filter((it) => !partners.has(it))) {
      const partner = [...left].find((other) => same(other, one))
      if (partner === undefined) continue
      partners.set(one, partner)
      left.delete(partner)
    }
  }
  const pairs = [...partners].map(([one, partner]): Pair => ({ present: partner, proposed: one }))
  const isOtherwise = ({ present: a, proposed: b }: Pair) => a.highest !== b.highest || (a.page_after ?? null) !== (b.page_after ?? null)
  const inOrder = new Map(proposed.map((one, index) => [one, index]))
  pairs.sort((a, b) => (inOrder.get(a.proposed) ?? 0) - (inOrder.get(b.proposed) ?? 0))
  return {
    added: proposed.filter((one) => !partners.has(one)),
    gone: present.filter((one) => left.has(one)),
    otherwise: pairs.filter(isOtherwise),
    same: pairs.filter((pair) => !isOtherwise(pair)).map((pair) => pair.proposed),
  }
}

function begin({ alert }: PreviewedAlert): number {
  return Date.parse(alert.raised_at)
}

function end({ alert }: PreviewedAlert, to: string): number {
  return Date.parse(alert.status === 'open' ? to : alert.changed_at)
}

/** Whether two plans say the same, whatever the reason for setting them. */
export function saysTheSame(one: PlanContent, other: PlanContent): boolean {
  const said = (plan: PlanContent) => JSON.stringify({ ...plan, reason: '', thresholds: Object.entries(plan.thresholds).sort(([a], [b]) => (a < b ? -1 : 1)) })
  return said(one) === said(other)
}
