import { useId, type FormEvent, type ReactNode } from 'react'
import type { Kind, PatientPlan, PlanContent, PlanExpected, PlanParameter, PlanPause, ScheduleNumber } from '../api/model'
import { KIND_ORDER } from '../language/kinds.generated'
import { useLanguage } from '../language/language'
import { FixedNumbers, fixedOf, unitOf } from './fixed-numbers'
import { RuleSource } from './of-the-api'
import { pointerPart, useFaultsAt } from './plan-faults'

interface FormProps {
  readonly plan: PatientPlan
  readonly draft: PlanContent
  readonly busy: boolean
  /** The zone of a schedule that is begun here. */
  readonly zone: string
  change(draft: PlanContent): void
  save(): void
}

/** What a plan says, to be changed. */
export function PlanForm({ plan, draft, busy, zone, change, save }: FormProps) {
  const { words, language } = useLanguage()
  const submit = (event: FormEvent) => {
    event.preventDefault()
    save()
  }
  return (
    <form className="plan-form" onSubmit={submit}>
      <Labelled label={words.plan.programme} place="/programme">
        {(input) => (
          <select {...input} value={draft.programme ?? ''} onChange={(e) => change({ ...draft, programme: e.target.value || null })}>
            <option value="">{words.plan.noProgramme}</option>
            {plan.programmes.map((one) => (
              <option key={one.name} value={one.name}>
                {language === 'ja' ? one.label_ja : one.label_en}
              </option>
            ))}
          </select>
        )}
      </Labelled>
      <ProgrammeValues plan={plan} chosen={draft.programme} />
      <Parameters plan={plan} draft={draft} change={change} />
      <Schedule numbers={plan.schedule_numbers} draft={draft} zone={zone} change={change} />
      <Pauses draft={draft} change={change} />
      <QuietHours draft={draft} change={change} />
      <Labelled label={words.plan.reason} place="/reason">
        {(input) => (
          <textarea {...input} required maxLength={1000} rows={3} value={draft.reason} onChange={(e) => change({ ...draft, reason: e.target.value })} />
        )}
      </Labelled>
      <button className="primary" type="submit" disabled={busy}>
        {busy ? words.plan.saving : words.plan.save}
      </button>
    </form>
  )
}

type Part = Pick<FormProps, 'draft' | 'change'>

interface LabelledProps {
  readonly label: string
  /** The JSON pointer of what is typed, to tell there what is wrong with it. */
  readonly place: string
  children(input: { readonly id: string; readonly 'aria-invalid'?: true; readonly 'aria-describedby'?: string }): ReactNode
}

function Labelled({ label, place, children }: LabelledProps) {
  const id = useId()
  const { marks, said } = useFaultsAt(place)
  return (
    <p>
      <label htmlFor={id}>{label}</label> {children({ id, ...marks })} {said}
    </p>
  )
}

/** What the chosen programme gives, with its sources: to be seen before it is set. */
function ProgrammeValues({ plan, chosen }: { plan: PatientPlan; chosen: string | null | undefined }) {
  const { words, language } = useLanguage()
  const programme = plan.programmes.find((one) => one.name === chosen)
  if (!programme || programme.values.length === 0) return null
  return (
    <>
      <p>{words.plan.programmeGives}</p>
      <ul>
        {programme.values.map(({ parameter, value, source, recalled }) => {
          const known = plan.parameters.find((one) => one.name === parameter)
          const label = language === 'ja' ? known?.label_ja : known?.label_en
          return (
            <li key={parameter}>
              {label ?? parameter} <code className="muted">{parameter}</code>: {value} {known && unitOf(known.unit, words)} <RuleSource text={source} isAside />
              {recalled && <strong> ({words.plan.recalled})</strong>}
            </li>
          )
        })}
      </ul>
    </>
  )
}

function Parameters({ plan, draft, change }: Part & { plan: PatientPlan }) {
  const { words } = useLanguage()
  const heads = ['parameter', 'inForce', 'own', 'defaultValue', 'range', 'source'] as const
  const rules = [...new Set(plan.parameters.map((one) => one.rule))]
  // Of rules without a parameter, and of all rules.
  const others = [...new Set(plan.fixed.map((one) => one.rule ?? null))].filter((rule) => rule === null || !rules.includes(rule))
  return (
    <details open>
      <summary>{words.plan.parameters}</summary>
      <p className="muted">{words.plan.sourcesNote}</p>
      <div className="plan-parameters">
        {/* The roles are said because small screens show no table. */}
        <table role="table">
          <thead role="rowgroup">
            <tr role="row">
              {heads.map((head) => (
                <th key={head} role="columnheader" scope="col">
                  {words.plan[head]}
                </th>
              ))}
            </tr>
          </thead>
          {rules.map((rule) => (
            <tbody key={rule} role="rowgroup">
              {plan.parameters
                .filter((one) => one.rule === rule)
                .map((one) => (
                  <ParameterRow key={one.name} parameter={one} draft={draft} change={change} />
                ))}
              {fixedOf(plan.fixed, rule).length > 0 && (
                <tr role="row">
                  <td role="cell" colSpan={heads.length}>
                    <FixedNumbers of={rule} numbers={fixedOf(plan.fixed, rule)} />
                  </td>
                </tr>
              )}
            </tbody>
          ))}
        </table>
      </div>
      {others.map((rule) => (
        <FixedNumbers key={rule} of={rule ?? words.plan.allRules} numbers={fixedOf(plan.fixed, rule)} />
      ))}
    </details>
  )
}

function ParameterRow({ parameter, draft, change }: Part & { parameter: PlanParameter }) {
  const { words, language } = useLanguage()
  const { name, unit, low, high } = parameter
  const own = draft.thresholds[name]
  const { marks, said } = useFaultsAt(`/thresholds/${pointerPart(name)}`)
  const set = (text: string) => {
    const { [name]: _, ...others } = draft.thresholds
    const value = Number(text)
    change({ ...draft, thresholds: text === '' || Number.isNaN(value) ? others : { ...others, [name]: value } })
  }
  const label = language === 'ja' ? parameter.label_ja : parameter.label_en
  return (
    <tr role="row">
      <th role="rowheader" scope="row">
        {label} <code className="muted">{name}</code>
      </th>
      <td role="cell" data-label={words.plan.inForce}>
        {parameter.value} {unitOf(unit, words)} ({words.plan.origin[parameter.origin]})
      </td>
      <td role="cell" data-label={words.plan.own}>
        <input type="number" step={10 ** -parameter.decimals} min={low} max={high} aria-label={`${words.plan.own}: ${label}`} value={own ?? ''} onChange={(e) => set(e.target.value)} {...marks} /> {said}
      </td>
      <td role="cell" data-label={words.plan.defaultValue}>{parameter.default}</td>
      <td role="cell" data-label={words.plan.range}>
        {low}–{high}
      </td>
      <td role="cell" data-label={words.plan.source}>
        <RuleSource text={parameter.source ?? parameter.default_source} />
        {parameter.recalled && <strong> ({words.plan.recalled})</strong>}
      </td>
    </tr>
  )
}

function today(): string {
  return new Date().toISOString().slice(0, 10)
}

function Schedule({ numbers, draft, zone, change }: Part & { numbers: readonly ScheduleNumber[]; zone: string }) {
  const { words } = useLanguage()
  const schedule = draft.schedule ?? { time_zone: zone, start: today(), expected: [] }
  const set = (changed: Partial<typeof schedule>) => {
    const next = { ...schedule, ...changed }
    change({ ...draft, schedule: next.expected.length === 0 && draft.schedule == null ? null : next })
  }
  const replace = (index: number, one: PlanExpected) => set({ expected: schedule.expected.with(index, one) })
  const free = KIND_ORDER.filter((kind) => !schedule.expected.some((one) => one.kind === kind))
  return (
    <fieldset>
      <legend>{words.plan.schedule}</legend>
      {draft.schedule && (
        <>
          <Labelled label={words.plan.timeZone} place="/schedule/time_zone">
            {(input) => <input {...input} value={schedule.time_zone} onChange={(e) => set({ time_zone: e.target.value })} />}
          </Labelled>
          <Labelled label={words.plan.start} place="/schedule/start">
            {(input) => <input {...input} type="date" value={schedule.start} onChange={(e) => set({ start: e.target.value })} />}
          </Labelled>
        </>
      )}
      {schedule.expected.map((one, index) => (
        <Expected key={one.kind} numbers={numbers} one={one} place={`/schedule/expected/${index}`} change={(next) => replace(index, next)} remove={() => set({ expected: schedule.expected.toSpliced(index, 1) })} />
      ))}
      {schedule.expected.length > 0 && <p className="muted">{words.plan.everyDay}</p>}
      {schedule.expected.length > 0 && <p className="muted">{words.plan.timesADayNote}</p>}
      {schedule.expected.length > 0 && <Defaults numbers={numbers} />}
      <Labelled label={words.plan.addKind} place="/schedule/expected/-">
        {(input) => (
          <select {...input} value="" onChange={(e) => set({ expected: [...schedule.expected, expectedOf(e.target.value as Kind, numbers)] })}>
            <option value="">–</option>
            {free.map((kind) => (
              <option key={kind} value={kind}>
                {words.kind[kind]}
              </option>
            ))}
          </select>
        )}
      </Labelled>
    </fieldset>
  )
}

/** The numbers of a kind that is expected, in their order. */
const NAMES = ['missing_after_days', 'review_after_days', 'times_a_day'] as const satisfies readonly (keyof PlanExpected)[]

/** A kind with what is proposed for it. */
export function expectedOf(kind: Kind, numbers: readonly ScheduleNumber[]): PlanExpected {
  const proposed = (name: (typeof NAMES)[number]) => numbers.find((number) => number.name === name)?.default ?? 1
  return { kind, missing_after_days: proposed('missing_after_days'), review_after_days: proposed('review_after_days'), times_a_day: proposed('times_a_day'), days: [] }
}

/** What is proposed for a kind that is added, and which text gives it. */
export function Defaults({ numbers }: { numbers: readonly ScheduleNumber[] }) {
  const { words, language } = useLanguage()
  return (
    <>
      <p className="muted">{words.plan.proposed}</p>
      <ul className="muted">
        {numbers.map((number) => (
          <li key={number.name}>
            {language === 'ja' ? number.label_ja : number.label_en}: {number.default} {unitOf(number.unit, words)} <RuleSource text={number.source} isAside />
            {number.recalled && <strong> ({words.plan.recalled})</strong>}
          </li>
        ))}
      </ul>
    </>
  )
}

interface ExpectedProps {
  readonly numbers: readonly ScheduleNumber[]
  readonly one: PlanExpected
  readonly place: string
  change(one: PlanExpected): void
  remove(): void
}

function Expected({ numbers, one, place, change, remove }: ExpectedProps) {
  const { words, language } = useLanguage()
  const kind = useFaultsAt(`${place}/kind`)
  const days = useFaultsAt(`${place}/days`)
  const toggle = (day: number) => {
    const days = one.days.includes(day) ? one.days.filter((other) => other !== day) : [...one.days, day].sort()
    change({ ...one, days })
  }
  return (
    <fieldset>
      <legend>
        {words.kind[one.kind]} {kind.said}
      </legend>
      {NAMES.map((name) => {
        const number = numbers.find((declared) => declared.name === name)
        const label = language === 'ja' ? number?.label_ja : number?.label_en
        return (
          <Labelled key={name} label={label ?? name} place={`${place}/${name}`}>
            {(input) => (
              <input {...input} type="number" required min={number?.low} max={number?.high} value={one[name]} onChange={(e) => change({ ...one, [name]: Number(e.target.value) })} />
            )}
          </Labelled>
        )
      })}
      <p>
        {words.plan.weekdays.map((label, index) => (
          <label key={label}>
            <input type="checkbox" checked={one.days.includes(index + 1)} onChange={() => toggle(index + 1)} {...days.marks} /> {label}{' '}
          </label>
        ))}
        {days.said}
      </p>
      <button type="button" onClick={remove}>
        {words.plan.remove}
      </button>
    </fieldset>
  )
}

const REASONS = ['hospital', 'travel', 'other'] as const satisfies readonly PlanPause['reason'][]

function Pauses({ draft, change }: Part) {
  const { words } = useLanguage()
  const { pauses } = draft
  const set = (next: PlanContent['pauses']) => change({ ...draft, pauses: next })
  return (
    <fieldset>
      <legend>{words.plan.pauses}</legend>
      <p className="muted">{words.plan.pausesNote}</p>
      {pauses.map((pause, index) => {
        const replace = (part: Partial<PlanPause>) => set(pauses.with(index, { ...pause, ...part }))
        return <PauseRow key={index} pause={pause} place={`/pauses/${index}`} replace={replace} remove={() => set(pauses.toSpliced(index, 1))} />
      })}
      <button type="button" onClick={() => set([...pauses, { from: today(), until: today(), reason: 'hospital' }])}>
        {words.plan.addPause}
      </button>
    </fieldset>
  )
}

interface PauseRowProps {
  readonly pause: PlanPause
  readonly place: string
  replace(part: Partial<PlanPause>): void
  remove(): void
}

function PauseRow({ pause, place, replace, remove }: PauseRowProps) {
  const { words } = useLanguage()
  const { marks, said } = useFaultsAt(place)
  return (
    <p>
      <input type="date" required aria-label={words.plan.start} value={pause.from} onChange={(e) => replace({ from: e.target.value })} {...marks} />
      {' – '}
      <input type="date" required aria-label={words.plan.until} value={pause.until} onChange={(e) => replace({ until: e.target.value })} {...marks} />{' '}
      <select aria-label={words.plan.pauses} value={pause.reason} onChange={(e) => replace({ reason: e.target.value as PlanPause['reason'] })}>
        {REASONS.map((reason) => (
          <option key={reason} value={reason}>
            {words.plan.pauseReason[reason]}
          </option>
        ))}
      </select>{' '}
      <button type="button" onClick={remove}>
        {words.plan.remove}
      </button>{' '}
      {said}
    </p>
  )
}

function QuietHours({ draft, change }: Part) {
  const { words } = useLanguage()
  const hours = draft.quiet_hours
  const { marks, said } = useFaultsAt('/quiet_hours')
  return (
    <fieldset>
      <legend>{words.plan.quietHours}</legend>
      <p className="muted">{words.plan.quietNote}</p>
      <label>
        <input type="checkbox" checked={hours !== null && hours !== undefined} onChange={(e) => change({ ...draft, quiet_hours: e.target.checked ? { from: '21:00', until: '07:00' } : null })} />{' '}
        {words.plan.quietHours}
      </label>
      {hours && (
        <p>
          <input type="time" required aria-label={words.plan.start} value={hours.from} onChange={(e) => change({ ...draft, quiet_hours: { ...hours, from: e.target.value } })} {...marks} />
          {' – '}
          <input type="time" required aria-label={words.plan.until} value={hours.until} onChange={(e) => change({ ...draft, quiet_hours: { ...hours, until: e.target.value } })} {...marks} /> {said}
        </p>
      )}
    </fieldset>
  )
}
