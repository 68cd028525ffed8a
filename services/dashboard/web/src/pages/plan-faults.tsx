import { createContext, use, useId, type ReactNode } from 'react'
import type { PlanContent, PlanFault } from '../api/model'
import { useLanguage } from '../language/language'
import { FaultDetail } from './of-the-api'
import { saysTheSame } from './plan-differences'

/** What is wrong with the plan that is edited, each with the JSON pointer (RFC 6901) of its place. */
export const PlanFaults = createContext<readonly PlanFault[]>([])

/** What the server found wrong, and with which draft. */
export interface FaultyDraft {
  readonly faults: readonly PlanFault[]
  readonly of: PlanContent
}

/**
 * The faults that are shown at the fields of a draft: those of a draft that says the same. In another one what was wrong
 * may be corrected, and a pointer may name another row. A reason is compared only where it is what is wrong.
 */
export function faultsInForce({ faults, of }: FaultyDraft, draft: PlanContent): readonly PlanFault[] {
  if (!saysTheSame(of, draft)) return []
  if (of.reason === draft.reason) return faults
  const ofReason = faultsAt(faults, '/reason')
  return faults.filter((fault) => !ofReason.includes(fault))
}

/** What marks an input whose value is wrong, for eyes and for screen readers. */
interface Marks {
  readonly 'aria-invalid'?: true
  readonly 'aria-describedby'?: string
}

interface FaultsHere {
  readonly marks: Marks
  /** To be shown beside the input; null where nothing is wrong. */
  readonly said: ReactNode
}

/** A name as a part of a JSON pointer. */
export function pointerPart(name: string): string {
  return name.replaceAll('~', '~0').replaceAll('/', '~1')
}

/** The faults at a place and below it. */
export function faultsAt(faults: readonly PlanFault[], place: string): readonly PlanFault[] {
  return faults.filter(({ pointer }) => pointer === place || pointer.startsWith(`${place}/`))
}

/** What is wrong at a place, to be shown at its field. */
export function useFaultsAt(place: string): FaultsHere {
  const { words } = useLanguage()
  const id = useId()
  const here = faultsAt(use(PlanFaults), place)
  if (here.length === 0) return { marks: {}, said: null }
  const said = (
    <span id={id} className="field-fault">
      {words.plan.faultHere} <FaultDetail text={here.map(({ detail }) => detail).join('; ')} />
    </span>
  )
  return { marks: { 'aria-invalid': true, 'aria-describedby': id }, said }
}

/** All of them, for whoever does not see the fields. */
export function FaultList({ title, faults }: { title: string; faults: readonly PlanFault[] }) {
  return (
    <div className="notice notice-warning">
      <p>{title}</p>
      <ul>
        {faults.map((fault, index) => (
          <li key={`${fault.pointer} ${index}`}>
            <code>{fault.pointer}</code> <FaultDetail text={fault.detail} />
          </li>
        ))}
      </ul>
    </div>
  )
}
