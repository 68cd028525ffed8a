import { useCallback, useEffect, useState } from 'react'
import { ApiError, readPlan, setPlan } from '../api/client'
import type { InvalidPlanProblem, PatientPlan, PlanConflictProblem, PlanContent } from '../api/model'
import { InZone, useLanguage } from '../language/language'
import { JAPAN } from '../language/zones'
import { Link, pathOf } from '../route'
import { useDashboardState, useNow } from '../state/dashboard-state'
import { PageTitle } from './page-title'
import { unitOf } from './fixed-numbers'
import { FaultList, faultsInForce, PlanFaults, type FaultyDraft } from './plan-faults'
import { PlanForm } from './plan-form'
import { PlanPreviewSection } from './plan-preview'
import { usePlanPreview } from './use-plan-preview'

type Outcome =
  | { readonly is: 'none' | 'busy' | 'set' | 'unknown' | 'failed' | 'not-yours' }
  | ({ readonly is: 'invalid' } & FaultyDraft)
  | { readonly is: 'conflict'; readonly problem: BothPlans }

/** The plan in force, and the one that was submitted instead of an earlier one. */
type BothPlans = Pick<PlanConflictProblem, 'current' | 'submitted'>

/** How it ended badly to read a plan, or to set the one that was submitted. */
export function outcomeOf(error: unknown, submitted: PlanContent | null): Outcome {
  if (!(error instanceof ApiError)) return { is: 'failed' }
  if (error.status === 412) return { is: 'conflict', problem: error.problem as PlanConflictProblem }
  if (error.status === 422 && submitted) return { is: 'invalid', faults: (error.problem as InvalidPlanProblem).faults, of: submitted }
  if (error.type.endsWith(':not-your-patient')) return { is: 'not-yours' }
  // Without an answer to a change nobody knows whether it was made.
  return { is: error.status === 0 || error.type.endsWith(':plan-not-known-to-be-set') ? 'unknown' : 'failed' }
}

/**
 * What has become of a plan that was submitted in the place of a version, by what is in force now: nothing, and it can
 * be submitted again; it is set; or another is, and both are shown.
 */
export function outcomeBy(current: PatientPlan, insteadOf: number, submitted: PlanContent): Outcome {
  if (current.version === insteadOf) return { is: 'none' }
  if (inOrder(current.plan) === inOrder(submitted)) return { is: 'set' }
  return { is: 'conflict', problem: { current, submitted } }
}

/** A content as text, whatever order its members are in; what is null is as if it were not there. */
function inOrder(content: PlanContent): string {
  return JSON.stringify(content, (_, value: unknown) =>
    value !== null && typeof value === 'object' && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).filter(([, member]) => member !== null).sort(([a], [b]) => (a < b ? -1 : 1)))
      : value,
  )
}

/** A patient's care plan, read and set. What is typed is kept until it is set or given up. */
export function PlanPage({ patient }: { patient: string }) {
  const { words } = useLanguage()
  const { patients } = useDashboardState()
  const [plan, setCurrent] = useState<PatientPlan | null>(null)
  const [draft, setDraft] = useState<PlanContent | null>(null)
  const [outcome, setOutcome] = useState<Outcome>({ is: 'none' })
  const { previewed, ask, forget } = usePlanPreview(patient)
  const now = useNow()

  const begin = useCallback((current: PatientPlan, content: PlanContent, next: Outcome) => {
    setCurrent(current)
    // Each change has its own reason.
    setDraft({ ...content, reason: content === current.plan ? '' : content.reason })
    setOutcome(next)
    // It compares with the plan that was in force.
    forget()
  }, [forget])

  const load = useCallback(() => {
    setOutcome({ is: 'none' })
    readPlan(patient).then(
      (current) => begin(current, current.plan, { is: 'none' }),
      (error: unknown) => {
        const found = outcomeOf(error, null)
        setOutcome(found.is === 'not-yours' ? found : { is: 'failed' })
      },
    )
  }, [patient, begin])

  useEffect(load, [load])

  // Nobody knows whether it was set: it stays as it was typed until what is in force says so.
  const look = () => {
    if (plan === null || draft === null) return load()
    setOutcome({ is: 'busy' })
    readPlan(patient).then(
      (current) => {
        const found = outcomeBy(current, plan.version, draft)
        if (found.is === 'set') begin(current, current.plan, found)
        else setOutcome(found)
      },
      () => setOutcome({ is: 'unknown' }),
    )
  }

  const save = () => {
    if (plan === null || draft === null) return
    setOutcome({ is: 'busy' })
    forget()
    setPlan(patient, plan.version, draft).then(
      (current) => begin(current, current.plan, { is: 'set' }),
      (error: unknown) => setOutcome(outcomeOf(error, draft)),
    )
  }

  const preview = (edited: PlanContent) => {
    // What is to be chosen or done after a conflict stays.
    if (outcome.is === 'invalid' || outcome.is === 'set') setOutcome({ is: 'none' })
    ask(edited)
  }

  const zone = patients?.find((one) => one.patient === patient)?.time_zone ?? JAPAN.name
  return (
    <InZone name={zone}>
      <p className="back">
        <Link href={pathOf(patient)}>← {words.plan.back}</Link>
      </p>
      <PageTitle title={`${words.plan.title} ${patient}`} />
      {outcome.is === 'not-yours' && <p className="notice notice-warning">{words.notYours}</p>}
      {plan && <About plan={plan} />}
      {plan && draft && (
        <PlanFaults value={[outcome, previewed].flatMap((one) => (one.is === 'invalid' ? faultsInForce(one, draft) : []))}>
          <PlanForm plan={plan} draft={draft} change={setDraft} busy={outcome.is === 'busy'} zone={zone} save={save} />
        </PlanFaults>
      )}
      <div role="alert">
        {outcome.is === 'failed' && (
          <p className="notice notice-warning">
            {words.plan.failed} {plan === null && <button onClick={load}>{words.retry}</button>}
          </p>
        )}
        {outcome.is === 'unknown' && (
          <p className="notice notice-warning">
            {words.plan.unknown} <button onClick={look}>{words.retry}</button>
          </p>
        )}
        {outcome.is === 'invalid' && <FaultList title={words.plan.invalid} faults={outcome.faults} />}
        {outcome.is === 'conflict' && <Conflict problem={outcome.problem} begin={begin} />}
      </div>
      {outcome.is === 'set' && (
        <p className="notice notice-info" role="status">
          {words.plan.saved}
        </p>
      )}
      {draft && <PlanPreviewSection previewed={previewed} draft={draft} now={now} ask={preview} />}
    </InZone>
  )
}

function About({ plan }: { plan: PatientPlan }) {
  const { words, times } = useLanguage()
  const now = useNow()
  const setAt = plan.set_at == null ? null : times.dateTime(Date.parse(plan.set_at), now)
  return (
    <>
      <p className="muted">{setAt === null ? words.plan.none : words.plan.setBy(plan.version, plan.author ?? '', setAt)}</p>
      {plan.plan.reason !== '' && <p>{plan.plan.reason}</p>}
      {plan.faults.length > 0 && <FaultList title={words.plan.notUsed} faults={plan.faults} />}
    </>
  )
}

interface ConflictProps {
  readonly problem: BothPlans
  begin(current: PatientPlan, content: PlanContent, next: Outcome): void
}

/** Both versions, and which to go on with. Nothing is set by choosing. */
function Conflict({ problem: { current, submitted }, begin }: ConflictProps) {
  const spoken = useLanguage()
  const { words } = spoken
  const [theirs, mine] = [linesOf(current.plan, current, spoken), linesOf(submitted, current, spoken)]
  return (
    <div className="notice notice-warning">
      <p>{words.plan.conflict(current.author ?? '')}</p>
      <div className="plan-versions">
        <Version title={words.plan.theirs(current.version)} lines={theirs} others={mine} />
        <Version title={words.plan.mine} lines={mine} others={theirs} />
      </div>
      <button onClick={() => begin(current, current.plan, { is: 'none' })}>{words.plan.takeTheirs}</button>{' '}
      <button onClick={() => begin(current, submitted, { is: 'none' })}>{words.plan.keepMine}</button>
    </div>
  )
}

/** A version line by line, what the other one does not say emphasised. */
function Version({ title, lines, others }: { title: string; lines: readonly string[]; others: readonly string[] }) {
  return (
    <section>
      <h2>{title}</h2>
      <ul>
        {lines.map((line) => (
          <li key={line}>{others.includes(line) ? line : <strong>{line}</strong>}</li>
        ))}
      </ul>
    </section>
  )
}

type Spoken = ReturnType<typeof useLanguage>

/** What a plan says, in the words that its patient's plan has for programmes and parameters. */
export function linesOf(content: PlanContent, { programmes, parameters }: PatientPlan, { words, language }: Pick<Spoken, 'words' | 'language'>): readonly string[] {
  const { plan } = words
  const labelOf = (one: { readonly label_ja: string; readonly label_en: string } | undefined) => (language === 'ja' ? one?.label_ja : one?.label_en)
  const programme = programmes.find((one) => one.name === content.programme)
  const lines = [`${plan.programme}: ${labelOf(programme) ?? content.programme ?? plan.noProgramme}`]
  for (const [name, value] of Object.entries(content.thresholds)) {
    const parameter = parameters.find((one) => one.name === name)
    lines.push(`${labelOf(parameter) ?? name}: ${value} ${parameter ? unitOf(parameter.unit, words) : ''}`)
  }
  const { schedule, quiet_hours: quiet } = content
  if (schedule) lines.push(`${plan.schedule}: ${schedule.time_zone}, ${schedule.start}`)
  for (const one of schedule?.expected ?? []) {
    const days = one.days.length === 0 ? plan.allDays : one.days.map((day) => plan.weekdays[day - 1]).join(' ')
    lines.push(`${words.kind[one.kind]}: ${plan.expected(one.missing_after_days, one.review_after_days, one.times_a_day, days)}`)
  }
  for (const pause of content.pauses) lines.push(`${plan.pauses}: ${pause.from} – ${pause.until}, ${plan.pauseReason[pause.reason]}`)
  if (quiet) lines.push(`${plan.quietHours}: ${quiet.from} – ${quiet.until}`)
  lines.push(`${plan.reason}: ${content.reason}`)
  return lines
}
